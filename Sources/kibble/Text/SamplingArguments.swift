import Generation
import ToolSupport

extension OptionSpec {
  static let maxNewTokens = value(
    "max-new-tokens", "N", "the most tokens to make (default: the model's, or else 256)")
  static let temperature = value("temperature", "X", "what scores are divided by; above 0")
  static let topK = value("top-k", "N", "draw from the N most likely tokens; 0 for all")
  static let topP = value(
    "top-p", "X", "draw from the most likely tokens that make up this share of probability")
  static let minP = value(
    "min-p", "X", "leave out tokens less likely than this share of the most likely one")
  static let repetitionPenalty = value(
    "repetition-penalty", "X", "make tokens that have occurred less likely; above 0, 1 for none")
  static let seed = value(
    "seed", "N", "where the random numbers begin; without it each run draws others")
  static let greedy = flag("greedy", "take the most likely token at every step")
  static let stop = repeated("stop", "TEXT", "end where this text appears; it is not shown")
  static let window = value(
    "context", "N", "the most tokens of prompt and result (default: what the model was made for)")

  static let lookup = value(
    "lookup", "N",
    "guess up to N tokens from what the text has said before, and check them in one call")

  static let sampling = [
    maxNewTokens, temperature, topP, topK, minP, repetitionPenalty, seed, greedy, stop, window,
    lookup,
  ]
}

/// The paragraph of the help that explains `OptionSpec.sampling`.
let samplingDiscussion =
  "Options go before the model's generation_config.json, and that before transformers' defaults "
  + "(the most likely token; top-k 50 once tokens are drawn). --temperature, --top-p, --top-k and "
  + "--min-p turn drawing on. --lookup changes no token; it is faster where a text repeats what "
  + "it has said before."

extension ParsedArguments {
  /// The sampling options that are given; `GenerationConfig` judges their values.
  func generationOverrides() throws -> GenerationOverrides {
    var overrides = GenerationOverrides()
    overrides.maxNewTokens = try integer(.maxNewTokens)
    overrides.temperature = try number(.temperature)
    overrides.topP = try number(.topP)
    overrides.topK = try integer(.topK)
    overrides.minP = try number(.minP)
    overrides.repetitionPenalty = try number(.repetitionPenalty)
    overrides.greedy = has(.greedy)
    overrides.stopTexts = values(.stop)
    return overrides
  }

  /// `--seed`, or a number that nobody can foresee.
  func generationSeed() throws -> UInt64 {
    try unsigned(.seed) ?? UInt64.random(in: 0...UInt64(Int.max))
  }
}
