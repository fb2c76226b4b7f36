extension RawSpan {
  /// The little-endian integer at an offset, which need not be aligned; nil outside the span.
  ///
  /// - Parameters:
  ///   - type: the integer's type.
  ///   - offset: where its first byte is.
  /// - Returns: the integer, or nil where it does not lie in the span as a whole.
  public func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard offset >= 0, offset <= byteCount, size <= byteCount - offset else { return nil }
    return unsafe Integer(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }

  /// A copy of the bytes of a range; nil where the range leaves the span.
  ///
  /// - Parameter range: offsets from the span's start.
  /// - Returns: the bytes, or nil.
  public func bytes(_ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else { return nil }
    return unsafe extracting(range).withUnsafeBytes { unsafe [UInt8]($0) }
  }
}
