/// A token that was made.
public struct GeneratedToken: Equatable, Sendable {
  /// The token.
  public let id: Int
  /// The text that is certain since this token: of it and perhaps of those before, or nothing.
  public let text: String
  /// The logarithm of its probability under the model: softmax over the plain logits; nil where
  /// nobody asked for it (`GenerationConfig.logProbabilities`).
  public let logProbability: Double?
  /// The logarithm of its probability under what it was drawn from; 0 without sampling, nil where
  /// nobody asked for it.
  public let drawLogProbability: Double?
}

/// Why generation ended.
public enum StopReason: Equatable, Sendable {
  /// The model made a token that ends a text.
  case endToken(Int)
  /// A stop text appeared.
  case stopText(String)
  /// As many tokens as were wanted were made.
  case length(Int)
  /// Prompt and result fill the context of so many tokens.
  case contextFull(Int)
  /// The caller wanted it to end.
  case cancelled
}

/// What was generated.
public struct GenerationResult: Equatable, Sendable {
  /// The number of tokens of the prompt.
  public let promptCount: Int
  /// How many of them had been run by an earlier call.
  public let reusedCount: Int
  /// The tokens, with the one that ended it.
  public let tokens: [GeneratedToken]
  /// The text, without stop text, and without end token unless special tokens are shown.
  public let text: String
  /// Why it ended.
  public let reason: StopReason
  /// How many tokens were guessed from the text so far (`GenerationConfig.lookup`).
  public let draftedCount: Int
  /// How many of them were right.
  public let acceptedCount: Int

  /// The ids of the tokens.
  public var ids: [Int] { tokens.map(\.id) }
}

/// What happens during generation, as it happens.
public enum GenerationEvent: Equatable, Sendable {
  /// So many tokens of the prompt have been run.
  case prompt(done: Int, of: Int)
  /// A token was made.
  case token(GeneratedToken)
  /// Generation has ended, and this text, which was held back, is certain.
  case rest(String)
}
