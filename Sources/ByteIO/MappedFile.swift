import LibC

/// A whole file, read through the address space instead of being loaded.
///
/// The file must not be truncated while it is mapped: reading what is gone raises SIGBUS.
public final class MappedFile: ByteRegion, Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// What distinguishes the file from all others.
  public let identity: FileIdentity
  private let mapping: Mapping

  /// Maps a regular file; it may be empty.
  ///
  /// - Parameter path: the file; symbolic links are followed.
  /// - Throws: `FileError` where there is none, or it cannot be read.
  public init(path: String) throws(FileError) {
    let (file, size, identity) = try Descriptor.openForReading(path)
    guard let mapping = Mapping(file: file, count: size) else {
      throw .cannotMap(path: path, bytes: size, errno: errno)
    }
    self.path = path
    self.identity = identity
    self.mapping = mapping
  }

  /// The same, as a region's.
  public var fileIdentity: FileIdentity? { identity }

  /// The file's size in bytes.
  public var count: Int { mapping.count }

  /// The address of a byte, or of the end.
  public func pointer(at offset: Int) -> UnsafeRawPointer {
    unsafe UnsafeRawPointer(mapping.pointer(at: offset))
  }

  /// Says that a range is not needed for now, so that it no longer counts as resident.
  ///
  /// Only whole pages inside the range are dropped; reading them again is allowed.
  public func releasePages(_ range: Range<Int>) {
    mapping.drop(range)
  }
}
