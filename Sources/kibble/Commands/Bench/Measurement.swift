import JSONCore

/// A figure that was measured several times.
struct Measurement {
  let minimum: Double
  let median: Double
  let maximum: Double

  /// `amount` per second, for runs that took so long.
  init(_ amount: Int, seconds: [Double]) {
    let rates = seconds.map { Double(amount) / $0 }.sorted()
    minimum = rates.first ?? 0
    maximum = rates.last ?? 0
    let middle = rates.count / 2
    median = rates.count % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2
  }

  var json: JSON { ["min": JSON(minimum), "median": JSON(median), "max": JSON(maximum)] }
}
