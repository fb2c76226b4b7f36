import DogeModel
import Kernels

/// Turns a row of logits into what is chosen from, as transformers 5.23 does it: bias, repetition
/// penalty, barred tokens, temperature, top-k, top-p and min-p, in this order.
///
/// Behind the repetition penalty stand two that transformers doesn't have, with vLLM's arithmetic:
/// the frequency penalty times the count of a token in the result is taken off, then the presence
/// penalty of every token that the result has.
///
/// Scores are computed in single precision, as there. Probabilities are computed in double
/// precision and compared with thresholds in single precision. Where several tokens with the same
/// score lie across the threshold of top-p, those with the lowest ids are dropped; transformers
/// leaves that to torch's sorting.
package final class LogitsWarper {
  private let options: SamplingOptions
  private let compute: Compute
  private var table: CandidateTable?
  private var adjusted: FloatMatrix?

  package init(_ options: SamplingOptions, compute: Compute) {
    self.options = options
    self.compute = compute
  }

  /// What a token is drawn from.
  ///
  /// - Parameters:
  ///   - logits: one for each token of the vocabulary.
  ///   - seen: the tokens of prompt and result so far.
  ///   - barred: tokens that must not come.
  /// - Returns: the distribution, until the next call; nil where scores are infinite or no numbers.
  package func distribution(
    of logits: Span<Float>, seen: SeenTokens, barring barred: [Int] = []
  ) -> TokenDistribution? {
    let table = table ?? CandidateTable(capacity: logits.count, compute: compute)
    self.table = table
    let isUsable = adjusting(logits, seen, barred) {
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
  package func mostLikely(
    of logits: Span<Float>, seen: SeenTokens, barring barred: [Int] = []
  ) -> Int? {
    adjusting(logits, seen, barred) { compute.kernels.largestIndex(of: $0) }
  }

  /// Calls `body` with the logits after bias, penalties and bars; with themselves where there is
  /// none of these.
  private func adjusting<Result>(
    _ logits: Span<Float>, _ seen: SeenTokens, _ barred: [Int], _ body: (Span<Float>) -> Result
  ) -> Result {
    let repetition = Float(options.repetitionPenalty)
    let frequency = Float(options.frequencyPenalty)
    let presence = Float(options.presencePenalty)
    let penalizes = repetition != 1 || frequency != 0 || presence != 0
    guard penalizes || !options.logitBias.isEmpty || !barred.isEmpty else { return body(logits) }
    let scores = adjusted ?? FloatMatrix(rows: 1, columns: logits.count)
    adjusted = scores
    scores.copy(logits, to: 0)
    let row = scores[0]
    for (id, bias) in options.logitBias where logits.indices.contains(id) {
      row[id] += Float(bias)
    }
    if repetition != 1 {
      for id in seen.ids { row[id] = row[id] < 0 ? row[id] * repetition : row[id] / repetition }
    }
    if frequency != 0 || presence != 0 {
      for (id, count) in seen.made where logits.indices.contains(id) {
        row[id] -= frequency * Float(count)
        row[id] -= presence
      }
    }
    for id in barred where logits.indices.contains(id) { row[id] = -.infinity }
    return scores.withRow(0, body)
  }
}
