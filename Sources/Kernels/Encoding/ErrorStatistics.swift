/// How far stored values are from their source, summed in a fixed order.
package struct ErrorStatistics: Equatable, Sendable {
  /// Values compared.
  package private(set) var count = 0
  /// Sum of squared differences.
  package private(set) var squaredError = 0.0
  /// Sum of squared source values.
  package private(set) var squaredValue = 0.0
  /// The largest difference.
  package private(set) var maxAbsoluteError = 0.0

  /// Groups that became zeros although their values are none.
  ///
  /// Scales are binary16 beside a power of two that the largest value sets: a group whose values are
  /// smaller by more than 2^32 to 2^36 has none that is not 0.
  package var flushedGroups = 0

  /// Nothing compared yet.
  package init() {}

  /// Sums that were made before.
  package init(
    count: Int, squaredError: Double, squaredValue: Double, maxAbsoluteError: Double
  ) {
    self.count = count
    self.squaredError = squaredError
    self.squaredValue = squaredValue
    self.maxAbsoluteError = maxAbsoluteError
  }

  /// Root of the mean squared difference.
  package var rootMeanSquare: Double {
    count == 0 ? 0 : (squaredError / Double(count)).squareRoot()
  }

  /// Ratio of signal to quantization noise as a power ratio; infinite where nothing was lost.
  package var signalToNoise: Double {
    squaredError == 0 ? .infinity : squaredValue / squaredError
  }

  /// Adds the sums of a later part.
  package mutating func add(_ other: ErrorStatistics) {
    count += other.count
    squaredError += other.squaredError
    squaredValue += other.squaredValue
    maxAbsoluteError = max(maxAbsoluteError, other.maxAbsoluteError)
    flushedGroups += other.flushedGroups
  }

  /// Adds one value.
  package mutating func add(value: Float, stored: Float) {
    let difference = Double(value) - Double(stored)
    count += 1
    squaredError += difference * difference
    squaredValue += Double(value) * Double(value)
    maxAbsoluteError = max(maxAbsoluteError, abs(difference))
  }
}
