import DogeArchitecture
import DogeModel

/// One of two models.
public enum ComparisonSide: Sendable {
  case first
  case second
}

/// What two models make of the same prompt.
public struct GenerationComparison: Equatable, Sendable {
  /// A token, and the logarithm of its probability under the plain logits of each model.
  public struct Odds: Equatable, Sendable {
    /// The token.
    public let id: Int
    /// Under the first model.
    public let first: Double
    /// Under the second model.
    public let second: Double
  }

  /// Where the models part: up to there both have made the same tokens.
  public struct Parting: Equatable, Sendable {
    /// How many tokens both have made before.
    public let step: Int
    /// The first model's token.
    public let first: Odds
    /// The second model's token.
    public let second: Odds
  }

  /// The first model's result.
  public let first: GenerationResult
  /// The second model's result.
  public let second: GenerationResult
  /// Where they part; nil if one's tokens begin the other's.
  public let parting: Parting?
}

/// Runs the same prompt through two models, token by token in turn.
///
/// - Parameters:
///   - prompt: tokens, at least one.
///   - config: how tokens are chosen and when to end.
///   - first: a model's generator.
///   - second: another one's.
///   - sampler: draws; both get the same numbers.
///   - text: makes a stream that turns tokens into text.
///   - observe: is told what happens, and with which model.
///   - isCancelled: is asked at every token; true ends both.
/// - Returns: both results, and where they part.
/// - Throws: `GenerationError`, `ModelError`, or what the closures and the streams throw.
public func compareGeneration(
  _ prompt: [Int], config: GenerationConfig, first: Generator, second: Generator,
  sampler: Sampler, text: () -> some TextStream = NoText.init,
  observe: (ComparisonSide, GenerationEvent) throws -> Void = { _, _ in },
  isCancelled: () -> Bool = { false }
) throws -> GenerationComparison {
  precondition(first !== second, "each model needs a cache of its own")
  let sizes = (first.model.config.vocabularySize, second.model.config.vocabularySize)
  guard sizes.0 == sizes.1 else {
    throw GenerationError.vocabulariesDiffer(first: sizes.0, second: sizes.1)
  }
  var config = config
  config.logProbabilities = true
  var a = try GenerationRun(first, prompt: prompt, config: config, sampler: sampler, text: text())
  var b = try GenerationRun(second, prompt: prompt, config: config, sampler: sampler, text: text())
  try a.begin(observe: { try observe(.first, $0) }, isCancelled: isCancelled)
  try b.begin(observe: { try observe(.second, $0) }, isCancelled: isCancelled)
  var parting: GenerationComparison.Parting?
  var step = 0
  while !a.isOver || !b.isOver {
    if isCancelled() {
      if !a.isOver { a.cancel() }
      if !b.isOver { b.cancel() }
      break
    }
    let ofA = a.isOver ? nil : try a.choose()
    let ofB = b.isOver ? nil : try b.choose()
    if let ofA, let ofB, ofA.id != ofB.id, parting == nil {
      parting = .init(
        step: step,
        first: .init(
          id: ofA.id, first: a.logProbability(of: ofA.id), second: b.logProbability(of: ofA.id)),
        second: .init(
          id: ofB.id, first: a.logProbability(of: ofB.id), second: b.logProbability(of: ofB.id)))
    }
    if let ofA { try a.accept(ofA) { try observe(.first, $0) } }
    if let ofB { try b.accept(ofB) { try observe(.second, $0) } }
    try a.advance()
    try b.advance()
    step += 1
  }
  return GenerationComparison(
    first: try a.end { try observe(.first, $0) }, second: try b.end { try observe(.second, $0) },
    parting: parting)
}
