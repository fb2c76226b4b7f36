/// What a model's `generation_config.json` and a caller's options say of generation.
///
/// Values come from the options, then from the file, then from transformers' defaults. What the
/// file leaves open is decided as in transformers: the most likely token is taken, and 20 tokens
/// are made.
public struct GenerationConfig: Equatable, Sendable {
  /// How the next token is chosen.
  public var sampling = SamplingOptions()
  /// The tokens that end a text (`eos_token_id`).
  public var endTokens: [Int] = []
  /// Whether text goes on behind those tokens; then none of them ends it, wherever it is named.
  public var ignoresEndTokens = false
  /// How many tokens are made before one that ends a text may come (`min_new_tokens`).
  public var minNewTokens = 0
  /// Whether the text has its special tokens, the one that ends it among them.
  public var showsSpecialTokens = false
  /// The texts that end generation where they appear (`stop_strings`); they are not part of it.
  public var stopTexts: [String] = []
  /// The most tokens that are made (`max_new_tokens`).
  public var maxNewTokens: Int?
  /// The most tokens of prompt and result together (`max_length`); `maxNewTokens` goes before it.
  public var maxLength: Int?
  /// Whether the logarithms of the probabilities of tokens are computed, which takes longer than
  /// choosing them.
  public var logProbabilities = false
  /// The most tokens that are guessed from what the text has said before and checked in one call of
  /// the model (prompt-lookup decoding); 0 for none.
  ///
  /// It changes no token. A generator that does not reuse prefixes makes no guesses.
  public var lookup = 0
  /// Settings of the file that would change the result and that kibble does not know.
  var unsupported: [UnsupportedSetting] = []
  /// Options that were given beside `greedy`.
  var ignoredOptions: [String] = []

  /// The defaults, for a model whose folder says nothing.
  public init() {}

  /// How many tokens are made where nothing says.
  public static let defaultNewTokens = 20

  /// The most tokens that are made after a prompt.
  ///
  /// - Parameter prompt: the number of its tokens.
  /// - Returns: the limit, at least 1.
  /// - Throws: `GenerationError` for a prompt that is as long as `maxLength`.
  public func newTokenLimit(prompt: Int) throws(GenerationError) -> Int {
    if let maxNewTokens { return maxNewTokens }
    guard let maxLength else { return Self.defaultNewTokens }
    guard prompt < maxLength else {
      throw .promptFillsMaxLength(tokens: prompt, maxLength: maxLength)
    }
    return maxLength - prompt
  }

  /// What a user should know of this configuration: settings that have no effect.
  public var warnings: [GenerationWarning] {
    unsupported.filter { $0.mode != .sampling || sampling.samples }
      .filter { $0.mode != .greedy || !sampling.samples }
      .map { .unsupportedSetting($0.setting, value: $0.value) }
      + ignoredOptions.map { .ignoredOption($0) }
  }
}
