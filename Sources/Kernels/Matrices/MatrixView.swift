/// Some rows and columns of a matrix, as they lie or transposed.
///
/// It keeps the matrix alive; what is written through it appears there.
package struct MatrixView {
  package let matrix: FloatMatrix
  /// Rows and columns of `matrix`.
  let rowRange: Range<Int>
  let columnRange: Range<Int>
  let isTransposed: Bool

  /// Rows of the view.
  package var rows: Int { isTransposed ? columnRange.count : rowRange.count }
  /// Columns of the view.
  package var columns: Int { isTransposed ? rowRange.count : columnRange.count }

  /// The same values with rows for columns.
  package var transposed: MatrixView {
    MatrixView(
      matrix: matrix, rowRange: rowRange, columnRange: columnRange, isTransposed: !isTransposed)
  }

  /// A row of the matrix's part, in place; of a transposed view, a column.
  package subscript(line: Int) -> FloatRow {
    assert(line >= 0 && line < rowRange.count, "no such row")
    return matrix[rowRange.lowerBound + line].part(columnRange)
  }

  /// Whether rows may be written in whole tiles of 16 columns: what follows is padding.
  var takesWholeTiles: Bool {
    !isTransposed && columnRange.upperBound == matrix.columns && columnRange.lowerBound % 16 == 0
  }
}

extension FloatMatrix {
  /// Some of its rows and columns; all where none are named.
  package func view(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> MatrixView {
    let (rows, columns) = (rows ?? 0..<self.rows, columns ?? 0..<self.columns)
    precondition(rows.upperBound <= self.rows && columns.upperBound <= self.columns)
    return MatrixView(matrix: self, rowRange: rows, columnRange: columns, isTransposed: false)
  }

  /// Its first rows.
  package func first(_ count: Int) -> MatrixView { view(rows: 0..<count) }
}
