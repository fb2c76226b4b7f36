/// How far stored values are from their source, summed in a fixed order.
package struct ErrorStatistics: Equatable, Sendable {
  /// Values compared.
  package private(set) var count = 0
  /// Sum of squared differences.
  package private(set) var squaredError = 0.0
  /// Sum of squared source values.
  package private(set) var squaredValue = 0.0
  /// Sum of squared stored values.
  package private(set) var squaredStored = 0.0
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
    count: Int, squaredError: Double, squaredValue: Double, squaredStored: Double,
    maxAbsoluteError: Double
  ) {
    self.count = count
    self.squaredError = squaredError
    self.squaredValue = squaredValue
    self.squaredStored = squaredStored
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

  /// Cosine of the angle between the values and what is stored of them, over all; 1 where nothing
  /// was lost, 0 where one side is all zeros and the other is not.
  package var cosine: Double {
    guard squaredError > 0 else { return 1 }
    let lengths = (squaredValue * squaredStored).squareRoot()
    return lengths == 0 ? 0 : (squaredValue + squaredStored - squaredError) / (2 * lengths)
  }

  /// Adds the sums of a later part.
  package mutating func add(_ other: ErrorStatistics) {
    count += other.count
    squaredError += other.squaredError
    squaredValue += other.squaredValue
    squaredStored += other.squaredStored
    maxAbsoluteError = max(maxAbsoluteError, other.maxAbsoluteError)
    flushedGroups += other.flushedGroups
  }

  /// Adds one value.
  package mutating func add(value: Float, stored: Float) {
    let difference = Double(value) - Double(stored)
    count += 1
    squaredError += difference * difference
    squaredValue += Double(value) * Double(value)
    squaredStored += Double(stored) * Double(stored)
    maxAbsoluteError = max(maxAbsoluteError, abs(difference))
  }
}
