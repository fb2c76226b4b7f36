/// A place that takes bytes at offsets: a file being written, or memory.
///
/// `write` may be called from several threads at once on disjoint ranges.
public protocol ByteSink: Sendable {
  /// Stores all bytes from an offset on.
  ///
  /// - Parameters:
  ///   - bytes: what to store.
  ///   - offset: where the first byte goes.
  /// - Throws: `FileError` where the file system refuses.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError)
}

extension ByteSink {
  /// Stores all bytes from an offset on.
  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(FileError) in
      try unsafe write(buffer, at: offset)
    }
  }

  /// Stores all bytes from an offset on.
  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try unsafe write(bytes.span.bytes, at: offset)
  }
}
