import LibC

/// A file that grows at its end, and that one process has open at a time.
///
/// What was appended is on the disk when the call returns, so that it outlives a crash; a crash
/// meanwhile may leave part of it.
package final class AppendFile {
  /// The path that the file was opened by.
  package let path: String
  /// The file's size in bytes.
  package private(set) var count: Int
  private let file: Descriptor
  private let sink: FileSink

  /// Opens a regular file, or creates it; what it holds stays.
  ///
  /// - Parameter path: the file; symbolic links are followed.
  /// - Throws: `FileError` where it cannot be opened, or another process has it open.
  package init(path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw .cannotCreate(path: path, errno: EINVAL) }
    let folder = FileSystem.folder(of: path)
    guard FileSystem.isFolder(folder) else { throw .missingFolder(path: path, folder: folder) }
    let isNew = !FileSystem.exists(path)
    // Opening a pipe or a device might wait forever.
    let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    guard number >= 0 else {
      throw errno == EISDIR
        ? .outputNotRegular(path: path) : .cannotCreate(path: path, errno: errno)
    }
    file = Descriptor(number)
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .cannotOpen(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .outputNotRegular(path: path) }
    // Not every file system has locks.
    guard flock(number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      throw .inUse(path: path)
    }
    self.path = path
    count = Int(status.st_size)
    sink = FileSink(file: file, path: path, folder: folder, expectedBytes: 0)
    if isNew { FileSystem.syncFolder(folder) }
  }

  /// The bytes of a range, which must lie in the file.
  package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
    return try file.bytes(range, path: path)
  }

  /// Drops what lies behind that many bytes.
  package func truncate(to count: Int) throws(FileError) {
    precondition(count >= 0 && count <= self.count, "longer than the file")
    while ftruncate(file.number, off_t(count)) != 0 {
      guard errno == EINTR else { throw .cannotWrite(path: path, offset: count, errno: errno) }
    }
    self.count = count
  }

  /// Appends bytes, and forces them to the disk.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    try sink.write(bytes, at: count)
    try sink.sync()
    count += bytes.count
  }

  /// Removes the file's name; says whether that was possible.
  package func remove() -> Bool { unsafe unlink(path) == 0 }
}
