import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import ModelFile
import Tokenization
import ToolSupport

/// A model that answers in text: its weights, its tokenizer and how tokens are chosen.
final class Speaker {
  let path: String
  let tokenizer: Tokenizer
  let files: TextFiles
  let generator: Generator
  let config: GenerationConfig
  let seed: UInt64
  private var sampler: Sampler

  private static let defaultNewTokens = 256

  /// Opens a model for the options of `generate` and `chat`.
  init(
    path: String, _ arguments: ParsedArguments, _ runtime: Runtime, _ context: CommandContext,
    seed: UInt64
  ) throws {
    self.path = path
    self.seed = seed
    files = try TextFiles(path: path)
    tokenizer = try files.tokenizer()
    var config = try files.generationConfig().applying(arguments.generationOverrides())
    for warning in config.warnings {
      context.warn(Warning(code: "generation.no-effect", warning.message))
    }
    let model = try runtime.model(path, mode: arguments.mode() ?? .fast)
    if config.endTokens.isEmpty { config.endTokens = model.config.eosTokenIDs }
    if config.maxNewTokens == nil, config.maxLength == nil {
      config.maxNewTokens = Self.defaultNewTokens
    }
    self.config = config
    let window = try arguments.integer(.window, in: 1...model.config.maxPositions)
    generator = Generator(model: model, routing: arguments.routing(), context: window)
    sampler = Sampler(seed: seed)
  }

  /// Generates what follows some tokens.
  func speak(
    after prompt: [Int], observe: (GenerationEvent) throws -> Void, isCancelled: () -> Bool
  ) throws -> GenerationResult {
    try generator.generate(
      prompt, config: config, sampler: &sampler, text: stream(), observe: observe,
      isCancelled: isCancelled)
  }

  /// Turns tokens into text; special tokens have none.
  func stream() -> TokenStream { tokenizer.stream(skipSpecialTokens: true) }
}

extension TokenStream: TextStream {}
