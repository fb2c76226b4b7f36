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
  private let file: Descriptor
  private let version: FileVersion

  /// Maps a regular file; it may be empty.
  ///
  /// - Parameter path: the file; symbolic links are followed.
  /// - Throws: `FileError` where there is none, or it cannot be read.
  public init(path: String) throws(FileError) {
    let (file, status) = try Descriptor.openForReading(path)
    let size = Int(status.st_size)
    guard let mapping = Mapping(file: file, count: size) else {
      throw .cannotMap(path: path, bytes: size, errno: errno)
    }
    self.path = path
    identity = FileIdentity(status)
    self.mapping = mapping
    self.file = file
    version = FileVersion(status)
  }

  /// The same, as a region's.
  public var fileIdentity: FileIdentity? { identity }

  /// The file's size in bytes.
  public var count: Int { mapping.count }

  /// The address of a byte, or of the end.
  public func pointer(at offset: Int) -> UnsafeRawPointer {
    unsafe UnsafeRawPointer(mapping.pointer(at: offset))
  }

  /// Throws where the file was written or cut off since it was opened.
  public func checkUnchanged() throws(FileError) {
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else {
      throw .cannotRead(path: path, offset: 0, errno: errno)
    }
    guard status.st_size >= count else {
      throw .truncated(path: path, expected: count, found: Int(status.st_size))
    }
    guard FileVersion(status) == version else { throw .changed(path: path) }
  }

  /// Says that a range is not needed for now, so that it no longer counts as resident.
  ///
  /// Only whole pages inside the range are dropped; reading them again is allowed.
  public func releasePages(_ range: Range<Int>) {
    mapping.drop(range)
  }
}
