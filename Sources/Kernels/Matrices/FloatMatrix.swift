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
  @usableFromInline package let stride: Int
  @usableFromInline let base: UnsafeMutablePointer<Float>
  /// Whose memory it is, if not its own.
  private let owner: FloatMatrix?

  /// Zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = columns.roundedUp(to: TensorGeometry.tileRows)
    let count = max(1, rows * stride)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    unsafe base = raw.bindMemory(to: Float.self, capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    owner = nil
  }

  private init(sharing matrix: FloatMatrix) {
    (rows, columns, stride, owner) = (matrix.rows, matrix.columns, matrix.stride, matrix)
    unsafe base = matrix.base
  }

  deinit {
    if owner == nil { unsafe UnsafeMutableRawPointer(base).deallocate() }
  }

  /// Another matrix in the same memory.
  ///
  /// Threads that use a matrix all the time each have one of their own: they would count references
  /// to one object in turn, and the line of memory with the count would travel between their cores.
  package func shared() -> FloatMatrix { FloatMatrix(sharing: self) }

  /// A row's values, in place.
  @inlinable public subscript(row: Int) -> FloatRow {
    assert(row >= 0 && row < rows, "no such row")
    return unsafe FloatRow(base + row * stride, count: columns, of: self)
  }

  /// The address of a row, for kernels; that of the end is allowed.
  func pointer(_ row: Int = 0) -> UnsafeMutablePointer<Float> {
    assert(row >= 0 && row <= rows, "no such row")
    return unsafe base + row * stride
  }

  /// Where its rows lie, while the matrix lives.
  @safe package struct View: BitwiseCopyable, @unchecked Sendable {
    package let base: UnsafeMutablePointer<Float>
    package let stride: Int

    /// The rows and columns from these on.
    func from(row: Int, column: Int) -> View {
      unsafe View(base: base + row * stride + column, stride: stride)
    }
  }

  package var view: View { unsafe View(base: base, stride: stride) }

  /// A copy of a row's values.
  public func row(_ row: Int) -> [Float] {
    precondition(row >= 0 && row < rows, "no such row")
    return unsafe Array(UnsafeBufferPointer(start: pointer(row), count: columns))
  }

  /// Calls `body` with the values of a row, without copying them.
  public func withRow<Result>(_ row: Int, _ body: (Span<Float>) throws -> Result) rethrows -> Result
  {
    precondition(row >= 0 && row < rows, "no such row")
    return try unsafe body(Span(_unsafeStart: pointer(row), count: columns))
  }

  /// Calls `body` with a row's values as little-endian bytes, without copying them.
  package func withBytes<Result, Failure: Error>(
    ofRow row: Int, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(row >= 0 && row < rows, "no such row")
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(RawSpan(_unsafeStart: pointer(row), byteCount: columns * 4))
  }

  /// One value.
  public func value(_ row: Int, _ column: Int) -> Float {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns, "no such element")
    return unsafe base[row * stride + column]
  }

  /// Copies a row of another matrix of the same width.
  public func copy(_ other: FloatMatrix, row: Int, to target: Int) {
    precondition(columns == other.columns && row < other.rows && target < rows, "no such row")
    self[target].copy(other[row])
  }

  /// Copies values into a row.
  package func copy(_ values: Span<Float>, to row: Int) {
    precondition(values.count <= columns && row >= 0 && row < rows, "too many values")
    unsafe values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      unsafe pointer(row).update(from: start, count: values.count)
    }
  }

  /// Copies values into a row.
  package func set(_ row: Int, _ values: [Float]) {
    precondition(values.count <= columns && row >= 0 && row < rows, "too many values")
    let target = self[row]
    for (column, value) in values.enumerated() { target[column] = value }
  }

  /// Sets the first rows to zero.
  package func clear(rows: Int) {
    for row in 0..<rows { self[row].fill(0) }
  }

  /// The same values in memory of their own.
  package func copy() -> FloatMatrix {
    let copy = FloatMatrix(rows: rows, columns: columns)
    for row in 0..<rows { copy[row].copy(self[row]) }
    return copy
  }
}
