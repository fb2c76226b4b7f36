import TensorCore

/// Rows of float32 in memory of its own, `[rows, columns]`, each row aligned to 64 bytes.
///
/// Kernels of several threads write to disjoint parts of it; nothing here guards against overlap.
@safe public final class FloatMatrix: @unchecked Sendable {
  /// Rows.
  public let rows: Int
  /// Columns that hold values.
  public let columns: Int
  /// Floats from one row to the next: `columns` rounded up to 16, since kernels write whole tiles.
  package let stride: Int
  private let base: UnsafeMutablePointer<Float>

  /// Zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = columns.roundedUp(to: TensorGeometry.tileRows)
    let count = max(1, rows * stride)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    unsafe base = raw.bindMemory(to: Float.self, capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
  }

  deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }

  /// The row's first element.
  package subscript(row: Int) -> UnsafeMutablePointer<Float> { unsafe base + row * stride }

  /// Where its rows lie, while the matrix lives.
  @safe package struct View: BitwiseCopyable, @unchecked Sendable {
    package let base: UnsafeMutablePointer<Float>
    package let stride: Int
  }

  package var view: View { unsafe View(base: base, stride: stride) }

  /// The values of a row.
  public func row(_ row: Int) -> [Float] {
    precondition(row >= 0 && row < rows, "no such row")
    return unsafe Array(UnsafeBufferPointer(start: self[row], count: columns))
  }

  /// Calls `body` with the values of a row, without copying them.
  public func withRow<Result>(_ row: Int, _ body: (Span<Float>) throws -> Result) rethrows -> Result
  {
    precondition(row >= 0 && row < rows, "no such row")
    return try unsafe body(Span(_unsafeStart: self[row], count: columns))
  }

  /// One value.
  public func value(_ row: Int, _ column: Int) -> Float {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns, "no such element")
    return unsafe self[row][column]
  }

  /// Copies a row of another matrix of the same width.
  public func copy(_ other: FloatMatrix, row: Int, to target: Int) {
    precondition(columns == other.columns && row < other.rows && target < rows, "no such row")
    unsafe self[target].update(from: other[row], count: columns)
  }

  /// Copies values into a row.
  package func set(_ row: Int, _ values: [Float]) {
    precondition(values.count <= stride, "too many values")
    for (column, value) in values.enumerated() { unsafe self[row][column] = value }
  }
}
