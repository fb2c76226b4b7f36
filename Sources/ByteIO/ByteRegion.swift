/// Bytes that stay where they are for as long as their owner lives: a mapped file, or memory.
public protocol ByteRegion: AnyObject, Sendable {
  /// The size of the region in bytes.
  var count: Int { get }

  /// The address of a byte, or of the end.
  ///
  /// The address is valid as long as the region lives. `offset` must be in `0...count`.
  func pointer(at offset: Int) -> UnsafeRawPointer

  /// The file that the bytes are read from; nil for memory.
  var fileIdentity: FileIdentity? { get }

  /// Says that a range is not needed for now, so that it no longer counts as resident; the bytes
  /// stay what they are.
  func releasePages(_ range: Range<Int>)

  /// Checks that the bytes are still those that were there when the region was opened.
  ///
  /// - Throws: `FileError` where something wrote the file meanwhile; what was read is then worth
  ///   nothing.
  func checkUnchanged() throws(FileError)
}

extension ByteRegion {
  /// None: memory.
  public var fileIdentity: FileIdentity? { nil }

  /// Keeps them: there is no file to read them from again.
  public func releasePages(_ range: Range<Int>) {}

  /// Nothing else writes memory.
  public func checkUnchanged() throws(FileError) {}

  /// Calls `body` with all bytes.
  public func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // `self` owns the bytes and outlives the call.
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(RawSpan(_unsafeStart: pointer(at: 0), byteCount: count))
  }

  /// The bytes of a range, for code that works on addresses.
  ///
  /// They are valid as long as the region lives; the range must lie in it.
  package func buffer(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
    return unsafe UnsafeRawBufferPointer(
      start: pointer(at: range.lowerBound), count: range.count)
  }

  /// A copy of the bytes of a range.
  package func bytes(_ range: Range<Int>) -> [UInt8] {
    defer { withExtendedLifetime(self) {} }
    return unsafe [UInt8](buffer(range))
  }
}
