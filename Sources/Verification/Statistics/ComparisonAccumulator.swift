import Kernels

/// Takes up positions in their order, and keeps of each what percentiles need: 16 bytes.
struct ComparisonAccumulator {
  private static let worstCount = 20
  /// Probabilities of the reference's most likely token at which bands end.
  private static let confidences = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]

  private let vocabulary: Int
  private var maxAbsDifference = 0.0
  private var squares = Moments()  // of a position's logits, their mean
  private var normalized = NormalizedError()
  private var kld = Moments()
  private var divergences: [Double] = []
  private var reverseKLD = Moments()
  private var top1 = Moments()
  private var top5 = Moments()
  private var top10 = Moments()
  private var disagreements = 0
  private var losses = PairedMoments()  // candidate, reference
  private var change = Moments()
  private var changes: [Double] = []
  private var changeSquares = Moments()
  private var byConfidence = [BandSum](repeating: BandSum(), count: confidences.count - 1)
  private var byPosition = Octaves(BandSum())
  private var worst: [WorstPosition] = []
  private var density: LogitDensity?

  /// The positions of a band.
  private struct BandSum {
    var kld = Moments()
    var agreeing = 0

    mutating func add(_ position: PositionComparison) {
      kld.add(position.difference.kld)
      agreeing += position.agreesOnTop ? 1 : 0
    }

    func band(_ range: ClosedRange<Double>) -> ComparisonStatistics.Band? {
      guard kld.count > 0 else { return nil }
      return ComparisonStatistics.Band(
        range: range, tokens: kld.count, kld: kld.estimate,
        top1: Double(agreeing) / Double(kld.count))
    }
  }

  init(vocabulary: Int) { self.vocabulary = vocabulary }

  /// How many positions there are so far.
  var tokens: Int { divergences.count }

  /// Adds positions of a sequence that follow each other, from `first` on.
  mutating func add(_ positions: [PositionComparison], sequence: Int, first: Int) {
    var density = density ?? LogitDensity(around: positions)
    for (index, position) in positions.enumerated() {
      add(position, sequence: sequence, at: first + index)
      density.add(position)
    }
    self.density = density
  }

  private mutating func add(_ position: PositionComparison, sequence: Int, at place: Int) {
    let difference = position.difference
    maxAbsDifference = largest([maxAbsDifference, difference.maxAbsDifference])
    squares.add(difference.squaredDifference / Double(vocabulary))
    normalized.add(
      squaredDifference: difference.squaredDifference, sum: difference.referenceSum,
      squareSum: difference.referenceSquareSum)
    kld.add(difference.kld)
    divergences.append(difference.kld)
    reverseKLD.add(difference.reverseKLD)
    top1.add(position.agreesOnTop ? 1 : 0)
    top5.add(Double(position.shared.five) / Double(min(5, vocabulary)))
    top10.add(Double(position.shared.ten) / Double(min(10, vocabulary)))
    if !position.agreesOnTop, !(difference.referenceMargin < 1e-4) { disagreements += 1 }
    if let losses = position.losses {
      self.losses.add(losses.candidate, losses.reference)
      let change = deterministicExp(-losses.candidate) - deterministicExp(-losses.reference)
      self.change.add(change)
      changes.append(change)
      changeSquares.add(change * change)
    }
    let confidence = position.referenceTop.reference
    let band = Self.confidences.dropFirst().dropLast().firstIndex { confidence < $0 }
    byConfidence[(band ?? Self.confidences.count - 1) - 1].add(position)
    byPosition.update(place) { $0.add(position) }
    keepWorst(position, sequence: sequence, at: place)
  }

  /// Keeps the worst positions in falling order, of equals the earlier.
  private mutating func keepWorst(_ position: PositionComparison, sequence: Int, at place: Int) {
    let kld = position.difference.kld
    guard kld > 0, worst.count < Self.worstCount || kld > worst[worst.count - 1].kld else { return }
    if worst.count == Self.worstCount { worst.removeLast() }
    let index = worst.firstIndex { $0.kld < kld } ?? worst.count
    worst.insert(
      WorstPosition(
        kld: kld, sequence: sequence, position: place, referenceTop: position.referenceTop,
        candidateTop: position.candidateTop), at: index)
  }

  /// What the positions so far amount to; there is at least one.
  var statistics: ComparisonStatistics {
    ComparisonStatistics(
      tokens: tokens, maxAbsDifference: maxAbsDifference, rmse: squares.root,
      nmse: normalized.estimate(vocabulary: vocabulary),
      kld: Distribution(kld, of: divergences), reverseKLD: reverseKLD.estimate,
      overlap: .init(top1: top1.estimate, top5: top5.estimate, top10: top10.estimate),
      top1Disagreements: disagreements, perplexity: changes.isEmpty ? nil : perplexity,
      deltaP: changes.isEmpty
        ? nil
        : .init(distribution: Distribution(change, of: changes), rms: changeSquares.root),
      byConfidence: zip(Self.confidences, Self.confidences.dropFirst()).enumerated().compactMap {
        byConfidence[$0].band($1.0...$1.1)
      },
      byPosition: byPosition.all.compactMap { positions, sum in
        sum.band(Double(positions.lowerBound)...Double(positions.upperBound))
      },
      worst: worst, density: density ?? LogitDensity(around: []))
  }

  private var perplexity: ComparisonStatistics.Perplexity {
    let (candidate, reference) = (losses.first, losses.second)
    let values = (
      reference: deterministicExp(reference.mean), candidate: deterministicExp(candidate.mean)
    )
    let ratio = deterministicExp(losses.difference.mean)
    let errors = (reference: reference.standardError, candidate: candidate.standardError)
    // exp(m) has the error exp(m) · se(m); that of a difference counts the covariance.
    let count = Double(losses.first.count)
    let variance =
      values.candidate * values.candidate * errors.candidate * errors.candidate
      + values.reference * values.reference * errors.reference * errors.reference
      - 2 * values.candidate * values.reference * losses.covariance / count
    return .init(
      reference: Estimate(
        value: values.reference, standardError: values.reference * errors.reference),
      candidate: Estimate(
        value: values.candidate, standardError: values.candidate * errors.candidate),
      logRatio: losses.difference.estimate,
      ratio: Estimate(value: ratio, standardError: ratio * losses.difference.standardError),
      difference: Estimate(
        value: values.candidate - values.reference,
        standardError: max(0, variance).squareRoot()),
      correlation: losses.correlation)
  }
}

extension ComparisonStatistics {
  /// Compares rows of logits; `next` holds the token that follows each, where it is known.
  package init(
    reference: FloatMatrix, candidate: FloatMatrix, next: [Int?], compute: Compute
  ) {
    var accumulator = ComparisonAccumulator(vocabulary: reference.columns)
    accumulator.add(
      [PositionComparison](reference, candidate, next: next, compute), sequence: 0, first: 0)
    self = accumulator.statistics
  }
}
