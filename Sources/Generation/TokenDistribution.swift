import DogeModel
import Kernels

/// The probabilities of the tokens that may come next.
package struct TokenDistribution: Sendable {
  package struct Candidate: Sendable {
    package let id: Int
    /// In single precision.
    package let score: Float
    /// exp(score − the largest score), in double precision.
    package let weight: Double

    package init(id: Int, score: Float, weight: Double) {
      self.id = id
      self.score = score
      self.weight = weight
    }
  }

  /// The tokens, by rising id.
  package private(set) var candidates: [Candidate]
  /// The sum of the weights, added in order.
  package private(set) var total = 0.0

  package init(_ candidates: [Candidate]) {
    self.candidates = candidates
    addUp()
  }

  /// The probability of a candidate.
  package func probability(of candidate: Candidate) -> Double { candidate.weight / total }

  /// The logarithm of that probability.
  package func logProbability(of candidate: Candidate) -> Double {
    candidate.weight > 0 ? deterministicLog(candidate.weight) - deterministicLog(total) : -.infinity
  }

  /// Drops candidates and adds the rest up again.
  mutating func remove(where isDropped: (Candidate) -> Bool) {
    candidates.removeAll(where: isDropped)
    addUp()
  }

  private mutating func addUp() { total = candidates.reduce(0) { $0 + $1.weight } }
}
