import ByteIO
import CKernels
import TensorCore

/// A stored tensor in place: one band of rows, or several, each with a type of its own.
public struct StoredMatrix: Sendable {
  /// The bands, as their rows are stored.
  public let bands: [StoredBand]
  /// In which order that is; nil where it is the matrix's.
  package let order: RowOrder?
  /// The stored row that each begins with.
  let firstRows: [Int]
  /// Rows of all bands.
  public let rows: Int
  /// Columns of every band.
  public let columns: Int

  /// A matrix of those bands.
  ///
  /// - Precondition: there is one, and all have as many columns; of several, all lie in tiles or none
  ///   does, and all but the last fill theirs.
  package init(_ bands: [StoredBand], order: RowOrder? = nil) {
    var rows = 0
    var firstRows: [Int] = []
    for band in bands {
      precondition(
        band.geometry.columns == bands[0].geometry.columns
          && band.geometry.arrangement == bands[0].geometry.arrangement
          && rows % TensorGeometry.tileRows == 0, "bands that do not fit")
      firstRows.append(rows)
      rows += band.geometry.rows
    }
    precondition(!bands.isEmpty, "a matrix without rows")
    precondition(order.map { $0.rows.count == rows } ?? true, "an order of other rows")
    self.bands = bands
    self.order = order
    self.firstRows = firstRows
    self.rows = rows
    columns = bands[0].geometry.columns
  }

  /// Describes planes of a region, as `StoredBand` does.
  package init(
    _ geometry: TensorGeometry, planes: [Range<Int>], exponent: Int = 0, in region: any ByteRegion
  ) {
    self.init([StoredBand(geometry, planes: planes, exponent: exponent, in: region)])
  }

  /// Tiles of 16 rows of all bands.
  var tileCount: Int { rows.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows }

  /// Whether both are the same bytes.
  package func isSame(as other: StoredMatrix) -> Bool {
    unsafe bands[0].matrix.codes == other.bands[0].matrix.codes
  }

  /// The band that a row lies in, and its row there.
  func place(of row: Int) -> (band: StoredBand, row: Int) {
    let row = order.map { Int($0.places[row]) } ?? row
    let index = bands.count == 1 ? 0 : (firstRows.lastIndex { $0 <= row } ?? 0)
    return (bands[index], row - firstRows[index])
  }
}

extension KernelSet {
  /// The values of a stored matrix in memory of their own, `[rows, columns]`.
  package func values(of stored: StoredMatrix) -> FloatMatrix {
    let out = FloatMatrix(rows: stored.rows, columns: stored.columns)
    for index in 0..<out.rows { row(index, of: stored, into: out[index]) }
    return out
  }
}
