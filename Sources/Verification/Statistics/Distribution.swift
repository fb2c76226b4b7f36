/// How a quantity is distributed over positions.
///
/// Percentiles interpolate linearly between the closest ranks. Their standard errors come from the
/// ranks that lie √(n p (1 − p)) to either side, whatever the distribution (Woodruff 1952).
public struct Distribution: Equatable, Sendable {
  /// The mean.
  public let mean: Estimate
  /// All values in rising order.
  package let sorted: [Double]

  init(_ moments: Moments, of values: [Double]) {
    mean = moments.estimate
    // Sorting needs numbers: with one that isn't, none of the percentiles is.
    sorted = values.contains(where: \.isNaN) ? values.map { _ in .nan } : values.sorted()
  }

  /// The least value.
  public var min: Double { sorted.first ?? .nan }
  /// The largest value.
  public var max: Double { sorted.last ?? .nan }
  /// The 50th percentile.
  public var median: Estimate { percentile(0.5) }

  /// The value that a share, from 0 to 1, of the positions does not exceed.
  public func percentile(_ share: Double) -> Estimate {
    guard !sorted.isEmpty else { return Estimate(value: .nan, standardError: .nan) }
    let place = share * Double(sorted.count - 1)
    let reach = (Double(sorted.count) * share * (1 - share)).squareRoot()
    return Estimate(
      value: value(at: place),
      standardError: (value(at: place + reach) - value(at: place - reach)) / 2)
  }

  private func value(at place: Double) -> Double {
    let place = Swift.min(Swift.max(place, 0), Double(sorted.count - 1))
    let low = Int(place.rounded(.down))
    let high = Swift.min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }
}
