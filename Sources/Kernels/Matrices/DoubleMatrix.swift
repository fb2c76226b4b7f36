/// A square matrix of binary64, row after row.
///
/// Several threads write to disjoint parts of it; nothing here guards against overlap.
@safe package final class DoubleMatrix: @unchecked Sendable {
  /// Rows, and columns.
  package let size: Int
  @usableFromInline let base: UnsafeMutablePointer<Double>

  /// Zeros.
  package init(size: Int) {
    self.size = size
    unsafe base = .allocate(capacity: max(1, size * size))
    unsafe base.initialize(repeating: 0, count: max(1, size * size))
  }

  deinit { unsafe base.deallocate() }

  /// A row's values, in place.
  package subscript(row: Int) -> DoubleRow {
    assert(row >= 0 && row < size, "no such row")
    return unsafe DoubleRow(base + row * size, count: size, of: self)
  }

  /// The element of a row and column.
  package subscript(row: Int, column: Int) -> Double {
    get {
      precondition(row >= 0 && row < size && column >= 0 && column < size, "no such element")
      return unsafe base[row * size + column]
    }
    set {
      precondition(row >= 0 && row < size && column >= 0 && column < size, "no such element")
      unsafe base[row * size + column] = newValue
    }
  }

  /// The mean of the diagonal.
  package var meanDiagonal: Double {
    size == 0 ? 0 : (0..<size).reduce(0) { $0 + self[$1, $1] } / Double(size)
  }
}
