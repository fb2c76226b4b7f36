import CKernels

/// How far stored values are from their source, summed in a fixed order.
public struct ErrorStatistics: Equatable, Sendable {
  /// Values compared.
  public private(set) var count = 0
  /// Sum of squared differences.
  public private(set) var squaredError = 0.0
  /// Sum of squared source values.
  public private(set) var squaredValue = 0.0
  /// The largest difference.
  public private(set) var maxAbsoluteError = 0.0

  /// Nothing compared yet.
  public init() {}

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
  public var rootMeanSquare: Double { count == 0 ? 0 : (squaredError / Double(count)).squareRoot() }

  /// Ratio of signal to quantization noise as a power ratio; infinite where nothing was lost.
  public var signalToNoise: Double {
    squaredError == 0 ? .infinity : squaredValue / squaredError
  }

  /// Adds the sums of a later part.
  public mutating func add(_ other: ErrorStatistics) {
    count += other.count
    squaredError += other.squaredError
    squaredValue += other.squaredValue
    maxAbsoluteError = max(maxAbsoluteError, other.maxAbsoluteError)
  }

  /// Adds one value.
  package mutating func add(value: Float, stored: Float) {
    let difference = Double(value) - Double(stored)
    count += 1
    squaredError += difference * difference
    squaredValue += Double(value) * Double(value)
    maxAbsoluteError = max(maxAbsoluteError, abs(difference))
  }

  /// Adds the first `rows` lanes of a tile, in order.
  mutating func add(_ tile: kb_tile_error, rows: Int, columns: Int) {
    count += rows * columns
    unsafe withUnsafeBytes(of: tile.squared_error) { errors in
      unsafe withUnsafeBytes(of: tile.squared_value) { values in
        unsafe withUnsafeBytes(of: tile.max_abs_error) { maxima in
          for lane in 0..<rows {
            let offset = lane * MemoryLayout<Double>.stride
            squaredError += unsafe errors.load(fromByteOffset: offset, as: Double.self)
            squaredValue += unsafe values.load(fromByteOffset: offset, as: Double.self)
            let largest = unsafe maxima.load(fromByteOffset: offset, as: Double.self)
            maxAbsoluteError = max(maxAbsoluteError, largest)
          }
        }
      }
    }
  }
}
