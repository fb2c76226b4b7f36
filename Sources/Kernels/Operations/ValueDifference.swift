import TensorCore

/// How the values of two tensors of one shape differ, in binary64.
public struct ValueDifference: Equatable, Sendable {
  /// Values that were compared.
  public private(set) var count = 0
  /// Those that are not the same number.
  public private(set) var different = 0
  /// max |a − b|; infinite where only one of two is a number.
  public private(set) var largest = 0.0
  /// Σ (a − b)².
  public private(set) var squaredDifference = 0.0
  /// Σ a².
  public private(set) var squaredValue = 0.0

  /// Nothing compared yet.
  public init() {}

  /// Σ (a − b)² / Σ a²; 0 where nothing differs.
  public var normalizedSquaredDifference: Double {
    different == 0 ? 0 : squaredDifference / squaredValue
  }

  /// Adds the comparison of other values.
  package mutating func add(_ other: ValueDifference) {
    count += other.count
    different += other.different
    largest = max(largest, other.largest)
    squaredDifference += other.squaredDifference
    squaredValue += other.squaredValue
  }

  fileprivate mutating func add(_ a: Float, _ b: Float) {
    count += 1
    let value = Double(a)
    squaredValue += value * value
    guard a != b, !(a.isNaN && b.isNaN) else { return }
    different += 1
    let difference = value - Double(b)
    largest = difference.isNaN ? .infinity : max(largest, abs(difference))
    squaredDifference += difference * difference
  }
}

extension KernelSet {
  /// Compares some tiles of 16 rows of two tensors.
  ///
  /// - Parameters:
  ///   - a: the values of one.
  ///   - b: those of the other.
  ///   - geometry: float32 in the shape that both have.
  ///   - tiles: which of its tiles.
  /// - Returns: how they differ.
  package func difference(
    _ a: TileSource, _ b: TileSource, _ geometry: TensorGeometry, tiles: Range<Int>
  ) -> ValueDifference {
    precondition(a.fits(geometry) && b.fits(geometry), "tensors of other sizes")
    let lanes = TensorGeometry.tileRows
    // A stored source may pad its rows to 32 columns.
    let tile = FloatMatrix(rows: 2, columns: geometry.columns.roundedUp(to: 32) * lanes)
    let scratch = FloatMatrix(rows: 1, columns: TileSource.scratchFloats)
    var result = ValueDifference()
    for index in tiles {
      for (row, source) in [a, b].enumerated() {
        unsafe source.load(
          tile: index, of: geometry, kernels: self, scratch: scratch.pointer(),
          into: tile.pointer(row))
      }
      let (left, right) = (tile[0], tile[1])
      for lane in 0..<min(lanes, geometry.rows - index * lanes) {
        for column in 0..<geometry.columns {
          result.add(left[column * lanes + lane], right[column * lanes + lane])
        }
      }
    }
    return result
  }
}
