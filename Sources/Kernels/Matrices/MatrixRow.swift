/// A row of a matrix, or some of its columns, in place.
///
/// It is a place and no owner: it serves while its matrix lives, and is not to be kept. Debug
/// builds trap where the matrix is gone or an index lies outside.
@safe @frozen public struct MatrixRow<Element: BitwiseCopyable> {
  @usableFromInline var base: UnsafeMutablePointer<Element>
  @usableFromInline var length: Int
  #if DEBUG
    @usableFromInline unowned let owner: AnyObject
  #endif

  @inlinable init(_ base: UnsafeMutablePointer<Element>, count: Int, of owner: AnyObject) {
    unsafe self.base = base
    length = count
    #if DEBUG
      self.owner = owner
    #endif
  }

  /// How many elements it has.
  @inlinable public var count: Int { length }

  /// One element.
  @inlinable public subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < length && isAlive, "no such element")
      return unsafe base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < length && isAlive, "no such element")
      unsafe base[index] = newValue
    }
  }

  /// Some of its elements, in place.
  @inlinable public func part(_ range: Range<Int>) -> Self {
    assert(range.lowerBound >= 0 && range.upperBound <= length, "no such elements")
    var part = self
    unsafe part.base += range.lowerBound
    part.length = range.count
    return part
  }

  /// The elements from an index on.
  @inlinable public func part(from start: Int) -> Self { part(start..<length) }

  /// Copies the first elements of another row, as many as there are here.
  @inlinable public func copy(_ other: Self) {
    assert(other.length >= length && isAlive && other.isAlive, "too few elements")
    unsafe base.update(from: other.base, count: length)
  }

  /// Sets all elements to one value.
  @inlinable public func fill(_ value: Element) {
    assert(isAlive, "the matrix is gone")
    unsafe base.update(repeating: value, count: length)
  }

  /// True; in debug builds it traps where the matrix is gone.
  @inlinable var isAlive: Bool {
    #if DEBUG
      withExtendedLifetime(owner) {}
    #endif
    return true
  }
}

/// A row of float32 values.
public typealias FloatRow = MatrixRow<Float>
/// A row of binary64 values.
public typealias DoubleRow = MatrixRow<Double>
