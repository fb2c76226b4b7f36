import ByteIO
import TensorCore

/// The values of a stored float32 tensor in memory, in place, `[rows, columns]`.
///
/// It keeps the memory. Several threads may write to disjoint parts of it; nothing here guards
/// against overlap.
@safe package struct StoredFloats: @unchecked Sendable {
  /// The sizes, and how rows lie.
  package let geometry: TensorGeometry
  private let memory: MemoryBuffer
  private let base: UnsafeMutablePointer<Float>

  /// The values of a plane.
  ///
  /// - Precondition: the type is f32, and the plane has the geometry's length and lies in memory.
  package init(_ geometry: TensorGeometry, plane: Range<Int>, in memory: MemoryBuffer) {
    precondition(
      geometry.type == .f32 && plane.count == geometry.codeBytes && plane.lowerBound >= 0
        && plane.upperBound <= memory.count, "no plane of float32 values")
    self.geometry = geometry
    self.memory = memory
    unsafe base = memory.mutablePointer(at: plane.lowerBound)
      .assumingMemoryBound(to: Float.self)
  }

  /// A row's values, in place.
  package subscript(row: Int) -> StridedRow {
    assert(row >= 0 && row < geometry.rows, "no such row")
    var (first, stride) = (row * geometry.paddedColumns, 1)
    if geometry.arrangement == .tiles {
      stride = TensorGeometry.tileRows
      let (tile, lane) = row.quotientAndRemainder(dividingBy: stride)
      first = tile * geometry.paddedColumns * stride + lane
    }
    return unsafe StridedRow(
      base + first, stride: stride, count: geometry.columns, of: memory)
  }

  /// The element of a row and column.
  package subscript(row: Int, column: Int) -> Float {
    get { self[row][column] }
    nonmutating set { self[row][column] = newValue }
  }
}

/// A row of float32 values with the same distance from each to the next, in place.
///
/// It is a place and no owner, as `MatrixRow` is: it serves while its matrix lives.
@safe @frozen @usableFromInline package struct StridedRow {
  @usableFromInline let base: UnsafeMutablePointer<Float>
  @usableFromInline let stride: Int
  /// How many elements it has.
  @usableFromInline package let count: Int
  #if DEBUG
    @usableFromInline unowned let owner: AnyObject
  #endif

  init(_ base: UnsafeMutablePointer<Float>, stride: Int, count: Int, of owner: AnyObject) {
    unsafe self.base = base
    self.stride = stride
    self.count = count
    #if DEBUG
      self.owner = owner
    #endif
  }

  /// One element.
  @inlinable package subscript(index: Int) -> Float {
    get {
      assert(index >= 0 && index < count && isAlive, "no such element")
      return unsafe base[index * stride]
    }
    nonmutating set {
      assert(index >= 0 && index < count && isAlive, "no such element")
      unsafe base[index * stride] = newValue
    }
  }

  /// Copies the first elements of another row, as many as there are here.
  package func copy(_ other: FloatRow) {
    assert(other.count >= count, "too few elements")
    for index in 0..<count { self[index] = other[index] }
  }

  /// True; in debug builds it traps where the matrix is gone.
  @inlinable var isAlive: Bool {
    #if DEBUG
      withExtendedLifetime(owner) {}
    #endif
    return true
  }
}
