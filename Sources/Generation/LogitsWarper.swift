import DogeModel
import Kernels

/// Turns a row of logits into what is chosen from, as transformers 5.23 does it: repetition
/// penalty, temperature, top-k, top-p and min-p, in this order.
///
/// Scores are computed in single precision, as there. Probabilities are computed in double
/// precision and compared with thresholds in single precision. Where several tokens with the same
/// score lie across the threshold of top-p, those with the lowest ids are dropped; transformers
/// leaves that to torch's sorting.
package final class LogitsWarper {
  private let options: SamplingOptions
  private let compute: Compute
  private var table: CandidateTable?
  private var penalized: FloatMatrix?

  package init(_ options: SamplingOptions, compute: Compute) {
    self.options = options
    self.compute = compute
  }

  /// What a token is drawn from.
  ///
  /// - Parameters:
  ///   - logits: one for each token of the vocabulary.
  ///   - seen: the tokens of prompt and result so far.
  /// - Returns: the distribution, until the next call; nil where scores are infinite or no numbers.
  package func distribution(of logits: Span<Float>, seen: SeenTokens) -> TokenDistribution? {
    let table = table ?? CandidateTable(capacity: logits.count, compute: compute)
    self.table = table
    let isUsable = penalizing(logits, seen) {
      table.take(options.topK, of: $0, dividedBy: Float(options.temperature))
    }
    guard isUsable else { return nil }
    table.weigh()
    let result = TokenDistribution(table)
    if options.topP < 1 { result.keepMass(options.topP) }
    if let minP = options.minP { result.keepLikely(minP) }
    return result
  }

  /// The token with the largest score, the lowest of equals; nil where scores are infinite or no
  /// numbers.
  package func mostLikely(of logits: Span<Float>, seen: SeenTokens) -> Int? {
    penalizing(logits, seen) { compute.kernels.largestIndex(of: $0) }
  }

  /// Calls `body` with the logits, those of tokens that have been seen with the penalty.
  private func penalizing<Result>(
    _ logits: Span<Float>, _ seen: SeenTokens, _ body: (Span<Float>) -> Result
  ) -> Result {
    guard options.repetitionPenalty != 1 else { return body(logits) }
    let scores = penalized ?? FloatMatrix(rows: 1, columns: logits.count)
    penalized = scores
    scores.copy(logits, to: 0)
    let penalty = Float(options.repetitionPenalty)
    let row = scores[0]
    for id in seen.ids { row[id] = row[id] < 0 ? row[id] * penalty : row[id] / penalty }
    return scores.withRow(0, body)
  }
}
