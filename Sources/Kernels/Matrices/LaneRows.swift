import TensorCore

/// The rows of a matrix of 16 columns, each as one vector, in place.
///
/// It is a place and no owner, as `MatrixRow` is: it serves while its matrix lives.
@safe @frozen @usableFromInline package struct LaneRows {
  // Elements are Floats where the matrix reads them, so these accesses are untyped.
  @usableFromInline let base: UnsafeMutableRawPointer
  /// How many vectors there are.
  @usableFromInline package let count: Int
  #if DEBUG
    @usableFromInline unowned let owner: AnyObject
  #endif

  @inlinable init(_ base: UnsafeMutableRawPointer, count: Int, of owner: AnyObject) {
    unsafe self.base = base
    self.count = count
    #if DEBUG
      self.owner = owner
    #endif
  }

  /// One row.
  @inlinable package subscript(row: Int) -> SIMD16<Float> {
    get {
      assert(row >= 0 && row < count && isAlive, "no such row")
      return unsafe base.load(fromByteOffset: row * 64, as: SIMD16<Float>.self)
    }
    nonmutating set {
      assert(row >= 0 && row < count && isAlive, "no such row")
      unsafe base.storeBytes(of: newValue, toByteOffset: row * 64, as: SIMD16<Float>.self)
    }
  }

  /// Copies all rows of another matrix of as many.
  @inlinable package func copy(_ other: LaneRows) {
    assert(other.count == count && isAlive && other.isAlive, "matrices of different heights")
    unsafe base.copyMemory(from: other.base, byteCount: count * 64)
  }

  /// Sets all elements to zero.
  @inlinable package func clear() {
    assert(isAlive, "the matrix is gone")
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count * 64)
  }

  /// True; in debug builds it traps where the matrix is gone.
  @inlinable var isAlive: Bool {
    #if DEBUG
      withExtendedLifetime(owner) {}
    #endif
    return true
  }
}

extension FloatMatrix {
  /// The rows of a matrix of 16 columns, as vectors.
  @inlinable package var lanes: LaneRows {
    precondition(columns == TensorGeometry.tileRows, "rows of 16 columns are vectors")
    return unsafe LaneRows(UnsafeMutableRawPointer(base), count: rows, of: self)
  }
}
