import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import JSONCore
import Kernels
import ModelFile
import Parallel
import Tokenization
import ToolSupport
import Verification

/// `kibble perplexity`: how well a model predicts a text.
struct PerplexityCommand: Command {
  static let scored = OptionSpec.value(
    "scored", "PART",
    "the tokens of a window that count; without it second-half of a text, all of --tokens",
    choices: Scoring.allCases.map(\.rawValue))

  static let spec = CommandSpec(
    name: "perplexity", summary: "how well a model predicts a text",
    discussion: [
      "A text is cut into windows of --context tokens, the beginning-of-text token at the head of "
        + "each; what does not fill the last window is dropped. Each window runs from an empty "
        + "cache. Perplexity is exp of the mean negative log likelihood.",
      "Figures of models with different tokenizers cannot be compared.",
    ],
    usage: ["MODEL --text FILE [OPTION…]", "MODEL --tokens FILE [OPTION…]"],
    positionals: [.model],
    options: [.text, .tokens, .context, scored, .mode, .cache, .routing, .verifyChecksums],
    examples: [.init("a text", "perplexity doge-int4.kibble --text wiki.txt")])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(.model)
    try arguments.refuse(.tokens, with: .text)
    guard arguments.has(.text) || arguments.has(.tokens) else {
      throw UsageError.missingOption(OptionSpec.text.synopsis, command: "perplexity")
    }
    let scoring =
      arguments.value(Self.scored).flatMap(Scoring.init(rawValue:))
      ?? (arguments.has(.text) ? .secondHalf : .all)
    // The second half of two tokens has none that follows another one.
    let input = try arguments.sequences(
      model: path, leastContext: scoring == .secondHalf ? 3 : 2)
    let source = try ModelSource.open(path: path)
    let sequences = try input(source.config)
    let runtime = try Runtime(context, verifiesChecksums: arguments.has(.verifyChecksums))
    let mode = arguments.mode() ?? .exact
    let result = try Perplexity(
      of: runtime.model(source, mode: mode, cache: arguments.cacheType()), on: sequences,
      scoring: scoring,
      routing: arguments.routing(), progress: context.progress)
    try source.checkUnchanged()
    if context.json {
      try context.emit([
        "schema": "kibble.perplexity/1", "model": .string(path), "tokens": JSON(result.tokens),
        "nll": JSON(result.meanLoss), "nll_se": JSON(result.standardError),
        "ppl": JSON(result.perplexity), "windows": JSON(sequences.count),
        "scored": .string(scoring.rawValue), "mode": .string(mode.rawValue),
        "isa": .string(runtime.compute.kernels.isa.rawValue),
        "threads": JSON(runtime.compute.pool.threadCount),
      ])
    } else {
      let error = result.perplexity * result.standardError
      try context.output.writeLine(
        "perplexity \(NumberFormat.significant(result.perplexity, 6)) ± "
          + "\(NumberFormat.significant(error, 2)), over "
          + "\(NumberFormat.thousands(result.tokens)) tokens in "
          + "\(NumberFormat.thousands(sequences.count)) windows "
          + "(\(NumberFormat.significant(result.meanLoss, 6)) nats a token)")
    }
    return .success
  }
}
