import DogeModel
import Kernels

/// Turns a row of logits into what is chosen from, as transformers 5.23 does it: repetition
/// penalty, temperature, top-k, top-p and min-p, in this order.
///
/// Scores are computed in single precision, as there. Probabilities are computed in double
/// precision and compared with thresholds in single precision. Where several tokens with the same
/// score lie across the threshold of top-p, those with the lowest ids are dropped; transformers
/// leaves that to torch's sorting.
package struct LogitsWarper: Sendable {
  private let options: SamplingOptions
  private var scores: [Float] = []

  package init(_ options: SamplingOptions) { self.options = options }

  /// What a token is drawn from.
  ///
  /// - Parameters:
  ///   - logits: one for each token of the vocabulary.
  ///   - seen: the tokens of prompt and result so far.
  /// - Returns: the distribution; nil where scores are infinite or no numbers.
  package mutating func distribution(
    of logits: Span<Float>, seen: SeenTokens
  ) -> TokenDistribution? {
    load(logits, seen)
    if options.temperature != 1 {
      let temperature = Float(options.temperature)
      for index in scores.indices { scores[index] = scores[index] / temperature }
    }
    guard let top = largestIndex(of: scores.span) else { return nil }
    var result = candidates(largest: scores[top])
    if options.topP < 1 { result.keepMass(options.topP) }
    if let minP = options.minP { result.keepLikely(minP) }
    return result
  }

  /// The token with the largest score, the lowest of equals; nil where scores are infinite or no
  /// numbers.
  package mutating func mostLikely(of logits: Span<Float>, seen: SeenTokens) -> Int? {
    guard options.repetitionPenalty != 1 else { return largestIndex(of: logits) }
    load(logits, seen)
    return largestIndex(of: scores.span)
  }

  /// Copies logits, with the penalty where tokens have been seen.
  private mutating func load(_ logits: Span<Float>, _ seen: SeenTokens) {
    if scores.count != logits.count { scores = Array(repeating: 0, count: logits.count) }
    for index in logits.indices { scores[index] = logits[index] }
    guard options.repetitionPenalty != 1 else { return }
    let penalty = Float(options.repetitionPenalty)
    for id in seen.ids {
      scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty
    }
  }

  /// The tokens that top-k keeps.
  private func candidates(largest: Float) -> TokenDistribution {
    let isLimited = options.topK > 0 && options.topK < scores.count
    let least = isLimited ? smallestOfLargest(options.topK, in: scores) : -.infinity
    var candidates: [TokenDistribution.Candidate] = []
    candidates.reserveCapacity(isLimited ? options.topK : scores.count)
    for (id, score) in scores.enumerated() where score >= least {
      let weight = deterministicExp(Double(score - largest))
      candidates.append(.init(id: id, score: score, weight: weight))
    }
    return TokenDistribution(candidates)
  }
}

/// The index of the largest value, the first of equals; nil if it is infinite or a value is no
/// number.
func largestIndex(of values: Span<Float>) -> Int? {
  var largest = -Float.infinity
  var best = 0
  var hasNaN = false
  for index in values.indices {
    let value = values[index]
    if value > largest {
      largest = value
      best = index
    }
    hasNaN = hasNaN || value.isNaN
  }
  return hasNaN || !largest.isFinite ? nil : best
}
