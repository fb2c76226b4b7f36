import Kernels

/// What a comparison of logits amounts to; names and formulas are those of llama.cpp's
/// `llama-perplexity --kl-divergence`, computed in binary64 without floors.
public struct ComparisonStatistics: Equatable, Sendable {
  /// The distribution of the KL divergence over positions, in nats.
  public struct Divergence: Equatable, Sendable {
    /// Mean over positions.
    public let mean: Double
    /// Standard error of the mean.
    public let standardError: Double
    /// The 50th percentile.
    public let median: Double
    /// The 90th percentile.
    public let p90: Double
    /// The 99th percentile.
    public let p99: Double
    /// The 99.9th percentile.
    public let p999: Double
    /// The largest of any position.
    public let max: Double
  }

  /// Perplexities over the positions whose next token is known.
  public struct Perplexity: Equatable, Sendable {
    /// exp of the reference's mean loss.
    public let reference: Double
    /// exp of the candidate's mean loss.
    public let candidate: Double
    /// Candidate over reference.
    public var ratio: Double { candidate / reference }
  }

  /// How the probability of the right next token changed.
  public struct ProbabilityChange: Equatable, Sendable {
    /// Mean of candidate less reference.
    public let mean: Double
    /// Root of the mean square.
    public let rms: Double
  }

  /// How many positions were compared, over all sequences.
  public let tokens: Int
  /// The largest |Δlogit| of any token at any position.
  public let maxAbsDifference: Double
  /// Root of the mean squared Δlogit.
  public let rmse: Double
  /// ΣΔ² / Σ(reference − mean reference)².
  public let nmse: Double
  /// KL(reference ‖ candidate) of the distributions of the next token.
  public let kld: Divergence
  /// The share of positions whose most likely token is the same.
  public let top1Agreement: Double
  /// Positions whose most likely token differs although the reference's margin is 1e-4 or more.
  public let top1Disagreements: Int
  /// Perplexities; nil where no position has a next token.
  public let perplexity: Perplexity?
  /// Change of the right token's probability; nil where no position has a next token.
  public let deltaP: ProbabilityChange?
}

/// One position's comparison and, where its next token is known, both models' loss on it.
struct Position: Sendable {
  let difference: LogitDifference
  /// Negative log likelihood of the next token, in nats.
  let losses: (reference: Double, candidate: Double)?
}

extension ComparisonStatistics {
  /// Compares rows of logits; `next` holds the token that follows each, where it is known.
  package init(
    reference: FloatMatrix, candidate: FloatMatrix, next: [Int?], compute: Compute
  ) {
    self.init(
      comparePositions(reference, candidate, next: next, compute),
      vocabulary: reference.columns)
  }

  /// Sums positions up in their order.
  init(_ positions: [Position], vocabulary: Int) {
    let count = Double(positions.count)
    let logits = count * Double(vocabulary)
    func sum(_ value: (Position) -> Double) -> Double { positions.reduce(0) { $0 + value($1) } }

    tokens = positions.count
    maxAbsDifference = largest(positions.map(\.difference.maxAbsDifference))
    let squares = sum { $0.difference.squaredDifference }
    rmse = (squares / logits).squareRoot()
    let referenceSum = sum { $0.difference.referenceSum }
    let spread = sum { $0.difference.referenceSquareSum } - referenceSum * referenceSum / logits
    nmse = spread > 0 ? squares / spread : (squares == 0 ? 0 : .infinity)
    kld = Divergence(positions.map(\.difference.kld))
    let differing = positions.filter { !$0.difference.agreesOnTop }
    top1Agreement = (count - Double(differing.count)) / count
    top1Disagreements = differing.filter { !($0.difference.referenceMargin < 1e-4) }.count
    let losses = positions.compactMap(\.losses)
    guard !losses.isEmpty else {
      (perplexity, deltaP) = (nil, nil)
      return
    }
    let scored = Double(losses.count)
    perplexity = Perplexity(
      reference: deterministicExp(losses.reduce(0) { $0 + $1.reference } / scored),
      candidate: deterministicExp(losses.reduce(0) { $0 + $1.candidate } / scored))
    let changes = losses.map { deterministicExp(-$0.candidate) - deterministicExp(-$0.reference) }
    deltaP = ProbabilityChange(
      mean: changes.reduce(0, +) / scored,
      rms: (changes.reduce(0) { $0 + $1 * $1 } / scored).squareRoot())
  }
}

extension LogitDifference {
  /// Whether the most likely token is the same; it is not where logits are not numbers.
  fileprivate var agreesOnTop: Bool { referenceTop == candidateTop && !kld.isNaN }
}

/// The largest of some magnitudes, and not a number where one of them isn't; 0 of none.
func largest(_ values: some Sequence<Double>) -> Double {
  values.reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
}

extension ComparisonStatistics.Divergence {
  init(_ values: [Double]) {
    let count = Double(values.count)
    // Sorting needs numbers: with one that isn't, none of the percentiles is.
    let sorted = values.contains(where: \.isNaN) ? values.map { _ in .nan } : values.sorted()
    /// Linear interpolation between the closest ranks.
    func percentile(_ share: Double) -> Double {
      let place = share * (count - 1)
      let low = Int(place.rounded(.down))
      let high = min(low + 1, sorted.count - 1)
      return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let variance = squares / Swift.max(1, count - 1)
    self.mean = mean
    standardError = (variance / count).squareRoot()
    median = percentile(0.5)
    p90 = percentile(0.9)
    p99 = percentile(0.99)
    p999 = percentile(0.999)
    max = largest(sorted)
  }
}
