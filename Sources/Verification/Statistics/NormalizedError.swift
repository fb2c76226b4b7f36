/// ΣΔ² / Σ(reference − mean reference)² over all logits, and its standard error over positions.
///
/// Positions are added one by one, before the mean is known: so sums of products are kept, from which
/// a position's share in the denominator, `Σr² − 2μΣr + Vμ²`, can be put together at the end.
struct NormalizedError: Equatable, Sendable {
  private var count = 0.0
  /// Σ over positions of d = ΣΔ², s = Σr, q = Σr².
  private var (d, s, q) = (0.0, 0.0, 0.0)
  private var (dd, ds, dq, ss, sq, qq) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

  mutating func add(squaredDifference: Double, sum: Double, squareSum: Double) {
    count += 1
    d += squaredDifference
    s += sum
    q += squareSum
    dd += squaredDifference * squaredDifference
    ds += squaredDifference * sum
    dq += squaredDifference * squareSum
    ss += sum * sum
    sq += sum * squareSum
    qq += squareSum * squareSum
  }

  /// The quotient for logits of so many tokens; 0 / 0 is 0.
  func estimate(vocabulary: Int) -> Estimate {
    let logits = count * Double(vocabulary)
    let spread = q - s * s / logits
    guard spread > 0 || d.isNaN else {
      return Estimate(value: d == 0 ? 0 : .infinity, standardError: 0)
    }
    let nmse = d / spread
    let mean = s / logits
    let constant = Double(vocabulary) * mean * mean
    // A position's spread is b = q − 2μs + Vμ²; the error is that of the sum of d − nmse · b.
    let db = dq - 2 * mean * ds + constant * d
    let bb =
      qq + 4 * mean * mean * ss + count * constant * constant - 4 * mean * sq + 2 * constant * q
      - 4 * constant * mean * s
    let squares = Swift.max(0, dd - 2 * nmse * db + nmse * nmse * bb)
    return Estimate(
      value: nmse,
      standardError: (squares * count / Swift.max(1, count - 1)).squareRoot() / spread)
  }
}
