/// What a model thinks of a question's choices.
public struct ChoiceScores: Equatable, Sendable {
  /// ln p(choice | context) of each: the sum over its tokens.
  public let logLikelihoods: [Double]
  /// Tokens of each that were predicted.
  public let tokens: [Int]
  /// Bytes of each in UTF-8.
  public let bytes: [Int]
  /// Whether each is what greedy decoding would give.
  public let isGreedy: [Bool]

  package init(logLikelihoods: [Double], tokens: [Int], bytes: [Int], isGreedy: [Bool]) {
    self.logLikelihoods = logLikelihoods
    self.tokens = tokens
    self.bytes = bytes
    self.isGreedy = isGreedy
  }

  /// The most likely choice; of equal ones the first.
  public var choice: Int { first(logLikelihoods) }

  /// The same by likelihood per byte.
  public var normalizedChoice: Int {
    first(zip(logLikelihoods, bytes).map { $0 / Double($1) })
  }

  private func first(_ values: [Double]) -> Int {
    values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
  }
}
