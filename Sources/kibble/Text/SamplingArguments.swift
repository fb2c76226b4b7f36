import Generation
import ToolSupport

extension OptionSpec {
  static let maxNewTokens = value(
    "max-new-tokens", "N", "the most tokens to make (default: the model's, or else 256)")
  static let minNewTokens = value(
    "min-new-tokens", "N", "the fewest tokens to make: until then no token ends the text")
  static let ignoreEnd = flag("ignore-eos", "go on behind tokens that end a text")
  static let temperature = value("temperature", "X", "what scores are divided by; above 0")
  static let topK = value("top-k", "N", "draw from the N most likely tokens; 0 for all")
  static let topP = value(
    "top-p", "X", "draw from the most likely tokens that make up this share of probability")
  static let minP = value(
    "min-p", "X", "leave out tokens less likely than this share of the most likely one")
  static let repetitionPenalty = value(
    "repetition-penalty", "X", "make tokens that have occurred less likely; above 0, 1 for none")
  static let presencePenalty = value(
    "presence-penalty", "X", "take X from the scores of tokens that the result has already")
  static let frequencyPenalty = value(
    "frequency-penalty", "X", "take X from the scores of tokens for each time the result has them")
  static let logitBias = repeated("logit-bias", "ID=X", "add X to the score of a token, by its id")
  static let seed = value(
    "seed", "N", "where the random numbers begin; without it each run draws others")
  static let greedy = flag("greedy", "take the most likely token at every step")
  static let stop = repeated("stop", "TEXT", "end where this text appears; it is not shown")
  static let showSpecial = flag(
    "show-special", "show special tokens, too, the one that ends the text among them")
  static let window = value(
    "context", "N",
    "the most tokens of prompt and result (default: what the model was made for; more where its "
      + "rope scaling says how)")

  static let lookup = value(
    "lookup", "N",
    "guess up to N tokens from what the text has said before, and check them in one call")

  static let sampling = [
    maxNewTokens, minNewTokens, temperature, topP, topK, minP, repetitionPenalty, presencePenalty,
    frequencyPenalty, logitBias, seed, greedy, stop, ignoreEnd, window, lookup,
    showSpecial,
  ]
}

/// The paragraph of the help that explains `OptionSpec.sampling`.
let samplingDiscussion =
  "Options go before the model's generation_config.json, and that before transformers' defaults "
  + "(the most likely token; top-k 50 once tokens are drawn). --temperature, --top-p, --top-k and "
  + "--min-p turn drawing on. --lookup changes no token; it is faster where a text repeats what "
  + "it has said before. The repetition penalty is transformers': scores of all tokens so far, "
  + "the prompt's among them, are divided, or multiplied where negative. Frequency and presence "
  + "penalties are vLLM's and OpenAI's: score - X * count, and score - X, of the result's tokens."

extension ParsedArguments {
  /// The sampling options that are given; `GenerationConfig` judges their values.
  func generationOverrides() throws -> GenerationOverrides {
    var overrides = GenerationOverrides()
    overrides.maxNewTokens = try integer(.maxNewTokens)
    overrides.temperature = try number(.temperature)
    overrides.topP = try number(.topP)
    overrides.topK = try integer(.topK)
    overrides.minP = try number(.minP)
    overrides.minNewTokens = try integer(.minNewTokens)
    overrides.ignoresEndTokens = has(.ignoreEnd)
    overrides.presencePenalty = try number(.presencePenalty)
    overrides.frequencyPenalty = try number(.frequencyPenalty)
    overrides.logitBias = try logitBiases()
    overrides.repetitionPenalty = try number(.repetitionPenalty)
    overrides.greedy = has(.greedy)
    overrides.stopTexts = values(.stop)
    return overrides
  }

  /// What `--logit-bias` says, by token.
  private func logitBiases() throws(UsageError) -> [Int: Double] {
    var biases: [Int: Double] = [:]
    for text in values(.logitBias) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let id = Int(parts[0]), id >= 0, let bias = Double(parts[1]),
        bias.isFinite, biases[id] == nil
      else {
        throw invalid(
          .logitBias, text, expected: "a token's id, `=` and a number, once for each token")
      }
      biases[id] = bias
    }
    return biases
  }

  /// `--seed`, or a number that nobody can foresee.
  func generationSeed() throws -> UInt64 {
    try unsigned(.seed) ?? UInt64.random(in: 0...UInt64(Int.max))
  }
}
