/// How the rows of a stored matrix lie in memory.
public enum Arrangement: UInt8, Sendable {
  /// Row after row: tables that are looked up by row, vectors, matrices of a few rows.
  case rows = 0
  /// Sixteen rows interleaved in 4-byte units: matrices that are multiplied.
  case tiles = 1
}

/// The sizes of a stored tensor's planes, from its type, arrangement and shape.
///
/// A row is a sequence of blocks of 1 (f32), 2 (f16, bf16), 4 (int8), 8 (int4), 16 (int2) or 32
/// (int3, int5, int6) columns, each in one or more 4-byte units. Columns are padded to whole blocks
/// and to a multiple of 4, rows of tiles to a multiple of 16.
public struct TensorGeometry: Equatable, Sendable {
  /// Rows of a tile: the 32-bit lanes of an AVX-512 vector.
  public static let tileRows = 16

  /// The type of the stored values.
  public let type: WeightType
  /// Whether rows lie one after the other or sixteen interleaved.
  public let arrangement: Arrangement
  /// Rows, without padding; 1 for a vector.
  public private(set) var rows: Int
  /// Columns, without padding.
  public let columns: Int
  /// Columns that share a scale; 0 for floats.
  public let groupSize: Int

  /// The geometry of a tensor of that shape; `nil` where its size overflows or has no elements.
  public init?(
    type: WeightType, arrangement: Arrangement, shape: [Int], groupSize: Int
  ) {
    guard (1...2).contains(shape.count), shape.allSatisfy({ $0 > 0 && $0 <= 1 << 31 }) else {
      return nil
    }
    let rows = shape.count == 2 ? shape[0] : 1
    let columns = shape[shape.count - 1]
    guard rows.multipliedReportingOverflow(by: columns).partialValue <= 1 << 56,
      !rows.multipliedReportingOverflow(by: columns).overflow
    else { return nil }
    self.type = type
    self.arrangement = arrangement
    self.rows = rows
    self.columns = columns
    self.groupSize = type.isQuantized ? groupSize : 0
    guard !type.isQuantized || groupSize > 0 else { return nil }
  }

  /// The same of so many rows, fewer than these.
  package func with(rows: Int) -> TensorGeometry {
    precondition((1...self.rows).contains(rows), "more rows than there are")
    var geometry = self
    geometry.rows = rows
    return geometry
  }

  /// Columns with padding.
  public var paddedColumns: Int { columns.roundedUp(to: max(4, type.columnsPerBlock)) }
  /// 4-byte units of a row.
  public var unitsPerRow: Int { paddedColumns / type.columnsPerBlock * type.unitsPerBlock }
  /// Rows with padding.
  public var paddedRows: Int {
    arrangement == .tiles ? rows.roundedUp(to: Self.tileRows) : rows
  }
  /// Tiles of 16 rows; the last may be partly padding.
  public var tileCount: Int { rows.roundedUp(to: Self.tileRows) / Self.tileRows }
  /// Scales of a row, 0 for floats; the last group may be shorter.
  public var groupsPerRow: Int {
    groupSize == 0 ? 0 : columns.roundedUp(to: groupSize) / groupSize
  }
  /// Bytes that a row takes in each of the planes, in file order: codes (or floats), scales.
  public var rowBytes: [Int] {
    let codes = unitsPerRow * 4
    return type.isQuantized ? [codes, groupsPerRow * type.bytesPerScale] : [codes]
  }
  /// The lengths of the planes, in file order.
  public var planeBytes: [Int] { rowBytes.map { $0 * paddedRows } }
  /// Bytes of the plane of codes (or floats).
  public var codeBytes: Int { paddedRows * unitsPerRow * 4 }
  /// Bytes of the plane of scales; 0 for floats.
  public var scaleBytes: Int { paddedRows * groupsPerRow * type.bytesPerScale }
  /// The bytes of codes and scales together, padding of rows and columns included.
  public var totalBytes: Int { codeBytes + scaleBytes }
  /// Elements, without padding.
  public var elementCount: Int { rows * columns }
}

extension TensorGeometry {
  /// Where a scale stands in the plane of scales (formats/kibble-v1.md, section 6).
  package func scalePlace(row: Int, group: Int) -> Int {
    arrangement == .tiles
      ? tiledScalePlace(row: row, group: group) : row * groupsPerRow + group
  }

  /// Where a scale stands in `[tile][group][16]`, as encoders have them in either arrangement.
  package func tiledScalePlace(row: Int, group: Int) -> Int {
    let (tile, lane) = row.quotientAndRemainder(dividingBy: Self.tileRows)
    return (tile * groupsPerRow + group) * Self.tileRows + lane
  }
}

/// The largest number that divides both.
package func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
  var (left, right) = (left, right)
  while right != 0 { (left, right) = (right, left % right) }
  return left
}

extension Int {
  /// The least multiple of `step` that is not below this number.
  public func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}
