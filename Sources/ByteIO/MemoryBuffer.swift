import LibC

/// Zeroed memory that begins on a page, and so at a multiple of 64.
///
/// As a sink it takes the bytes that would otherwise go to a file. It may be written from
/// several threads in disjoint ranges, and is read when the writing is done.
public final class MemoryBuffer: ByteRegion, Sendable {
  private let mapping: Mapping

  /// Memory of that many bytes; zero is allowed.
  ///
  /// - Parameter count: the size in bytes, not negative.
  /// - Throws: `FileError.outOfMemory`.
  public init(count: Int) throws(FileError) {
    precondition(count >= 0, "negative size")
    guard let mapping = Mapping(zeroed: count) else { throw .outOfMemory(bytes: count) }
    self.mapping = mapping
  }

  /// The size in bytes.
  public var count: Int { mapping.count }

  /// The address of a byte, or of the end.
  public func pointer(at offset: Int) -> UnsafeRawPointer {
    unsafe UnsafeRawPointer(mapping.pointer(at: offset))
  }

  /// The address of a byte to write, or of the end.
  package func mutablePointer(at offset: Int) -> UnsafeMutableRawPointer {
    unsafe mapping.pointer(at: offset)
  }

  /// Gives the memory of a range back to the system, but for parts of pages at its ends; what it
  /// held is lost.
  package func discard(_ range: Range<Int>) { mapping.clear(range) }
}

extension MemoryBuffer: ByteSink {
  /// Copies bytes to an offset; they must fit.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    precondition(
      offset >= 0 && offset <= count && bytes.count <= count - offset, "write out of bounds")
    guard let source = bytes.baseAddress else { return }
    unsafe mapping.pointer(at: offset).copyMemory(from: source, byteCount: bytes.count)
  }
}
