import TensorCore

/// Rows of a matrix that are stored alike, from one on to the next band's first or to the last.
public struct RowBand: Equatable, Sendable {
  /// Its first row: a multiple of 16.
  public let firstRow: Int
  /// Its type.
  public let type: WeightType
  /// Columns that share a scale, for quantized types.
  public let groupSize: Int

  /// A band.
  public init(firstRow: Int, type: WeightType, groupSize: Int) {
    self.firstRow = firstRow
    self.type = type
    self.groupSize = groupSize
  }
}
