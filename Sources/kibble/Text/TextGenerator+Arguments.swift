import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import Kernels
import ToolSupport

extension TextGenerator {
  /// Opens a model for the options of `generate` and `chat`.
  ///
  /// - Parameters:
  ///   - path: the model.
  ///   - files: what lies beside its weights.
  ///   - arguments: the options.
  ///   - runtime: what it runs on.
  ///   - context: takes warnings.
  ///   - seed: where the random numbers begin.
  /// - Throws: what is wrong with the model or the options.
  convenience init(
    path: String, _ files: TextFiles, _ arguments: ParsedArguments, _ runtime: Runtime,
    _ context: CommandContext, seed: UInt64
  ) throws {
    let tokenizer = try files.tokenizer()
    var config = try files.generationConfig(arguments.generationOverrides())
    // Text alone shows no probabilities.
    config.logProbabilities = context.json || arguments.has(GenerateCommand.events)
    config.showsSpecialTokens = arguments.has(.showSpecial)
    config.lookup = try arguments.integer(.lookup, in: 1...64) ?? 0
    for warning in config.warnings {
      context.warn(Warning(code: "generation.no-effect", warning.message))
    }
    let model = try runtime.model(
      path, mode: arguments.mode() ?? .fast, cache: arguments.cacheType())
    self.init(
      model, tokenizer: tokenizer, config: config, routing: arguments.routing(),
      context: try arguments.integer(.window, in: 1...model.config.longestContext), seed: seed)
    if config.lookup > 0, !generator.reusesPrefix {
      context.warn(
        Warning(
          code: "generation.no-lookup",
          "no tokens are guessed: what this model computes depends on how many tokens run at once"))
    }
  }
}
