/// How often a logit of the reference goes with one of the candidate: counts over a square grid.
public struct LogitDensity: Equatable, Sendable {
  /// Cells along each side.
  public static let cells = 64
  /// Logits that are looked at of each position, about.
  static let tokensOfPosition = 128

  /// The logits at the ends of both axes; what lies beyond counts in the cells at the rim.
  public private(set) var range: ClosedRange<Double>
  /// Counts, `[candidate cell][reference cell]`.
  public private(set) var counts: [Int]

  /// A grid around the logits of the first positions, with room for those of later ones.
  init(around first: some Sequence<PositionComparison>) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for pair in first.lazy.flatMap(\.sample) where pair.reference.isFinite {
      (low, high) = (min(low, Double(pair.reference)), max(high, Double(pair.reference)))
    }
    if low > high { (low, high) = (0, 0) }
    let margin = max(1, (high - low) * 0.1)
    range = low - margin...high + margin
    counts = [Int](repeating: 0, count: Self.cells * Self.cells)
  }

  mutating func add(_ position: PositionComparison) {
    for pair in position.sample where pair.reference.isFinite && pair.candidate.isFinite {
      counts[cell(pair.candidate) * Self.cells + cell(pair.reference)] += 1
    }
  }

  private func cell(_ logit: Float) -> Int {
    let share = (Double(logit) - range.lowerBound) / (range.upperBound - range.lowerBound)
    return Int(min(max(share, 0), 0.999) * Double(Self.cells))
  }
}
