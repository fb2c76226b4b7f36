import DogeModel
import Kernels

/// The probabilities of the tokens that may come next.
package struct TokenDistribution {
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

  private let table: CandidateTable

  /// The tokens of a table, as long as it holds them.
  init(_ table: CandidateTable) { self.table = table }

  /// A distribution of its own, of tokens by rising id.
  package init(_ candidates: [Candidate], compute: Compute) {
    table = CandidateTable(capacity: candidates.count, compute: compute)
    table.take(candidates.map { ($0.id, $0.score, $0.weight) })
  }

  /// The tokens, by rising id.
  package var candidates: [Candidate] {
    (0..<table.count).filter(table.isKept).map(candidate)
  }

  /// The sum of the weights, added in order.
  package var total: Double { table.total }

  /// The first candidate with which the sum of weights exceeds a limit, or else the last that has a
  /// weight.
  package func candidate(beyond limit: Double) -> Candidate? {
    table.place(beyond: limit).map(candidate)
  }

  private func candidate(at place: Int) -> Candidate {
    Candidate(
      id: table.id(at: place), score: table.score(at: place), weight: table.weight(at: place))
  }

  /// The probability of a candidate.
  package func probability(of candidate: Candidate) -> Double { candidate.weight / total }

  /// The logarithm of that probability.
  package func logProbability(of candidate: Candidate) -> Double {
    candidate.weight > 0 ? deterministicLog(candidate.weight) - deterministicLog(total) : -.infinity
  }

  /// Top-p: drops the least likely tokens that have at most `1 - share` together.
  func keepMass(_ share: Double) { table.drop(mass: Float(1 - share)) }

  /// Min-p: drops tokens less likely than a share of the most likely one, whose weight is 1.
  func keepLikely(_ share: Double) { table.drop(below: Float(share) * Float(1 / total)) }
}
