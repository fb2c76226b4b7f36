import DogeModel
import Kernels

/// Some rows and columns of a matrix, as they lie or transposed.
///
/// It keeps the matrix alive; what is written through it appears there.
struct MatrixView {
  let matrix: FloatMatrix
  /// Rows and columns of `matrix`.
  let rowRange: Range<Int>
  let columnRange: Range<Int>
  let isTransposed: Bool

  /// Rows of the view.
  var rows: Int { isTransposed ? columnRange.count : rowRange.count }
  /// Columns of the view.
  var columns: Int { isTransposed ? rowRange.count : columnRange.count }

  var transposed: MatrixView {
    MatrixView(
      matrix: matrix, rowRange: rowRange, columnRange: columnRange, isTransposed: !isTransposed)
  }

  /// Where a row of the matrix's part begins; of a transposed view, a column.
  subscript(line: Int) -> UnsafeMutablePointer<Float> {
    unsafe matrix[rowRange.lowerBound + line] + columnRange.lowerBound
  }

  /// Whether rows may be written in whole tiles of 16 columns: what follows is padding.
  var takesWholeTiles: Bool {
    !isTransposed && columnRange.upperBound == matrix.columns && columnRange.lowerBound % 16 == 0
  }
}

extension FloatMatrix {
  /// Some of its rows and columns.
  func view(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> MatrixView {
    let (rows, columns) = (rows ?? 0..<self.rows, columns ?? 0..<self.columns)
    precondition(rows.upperBound <= self.rows && columns.upperBound <= self.columns)
    return MatrixView(matrix: self, rowRange: rows, columnRange: columns, isTransposed: false)
  }

  /// Its first rows.
  func first(_ count: Int) -> MatrixView { view(rows: 0..<count) }
}
