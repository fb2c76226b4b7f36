import LibC

/// Writes to the temporary file of an `AtomicFile`, from any thread.
public final class FileSink: ByteSink {
  private let file: Descriptor
  private let path: String
  private let folder: String
  private let expectedBytes: Int

  init(file: Descriptor, path: String, folder: String, expectedBytes: Int) {
    self.file = file
    self.path = path
    self.folder = folder
    self.expectedBytes = expectedBytes
  }

  /// Stores all bytes from an offset on.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    // Systems write at most 2 GiB at once.
    let longest = 1 << 30
    var done = 0
    while done < bytes.count {
      let part = unsafe UnsafeRawBufferPointer(
        rebasing: bytes[done..<min(done + longest, bytes.count)])
      let written = unsafe pwrite(file.number, part.baseAddress, part.count, off_t(offset + done))
      if written > 0 {
        done += written
      } else if written == 0 {
        throw .cannotWrite(path: path, offset: offset + done, errno: EIO)
      } else if errno != EINTR {
        throw failure(errno, offset: offset + done)
      }
    }
  }

  /// Forces everything written to the disk.
  func sync() throws(FileError) {
    #if canImport(Darwin)
      // Plain fsync leaves the data in the disk's own cache there.
      if fcntl(file.number, F_FULLFSYNC) == 0 { return }
    #endif
    guard fsync(file.number) == 0 else {
      let code = errno
      throw code == ENOSPC ? failure(code, offset: 0) : .cannotSync(path: path, errno: code)
    }
  }

  private func failure(_ code: Int32, offset: Int) -> FileError {
    guard code == ENOSPC || code == EDQUOT else {
      return .cannotWrite(path: path, offset: offset, errno: code)
    }
    let available = FileSystem.availableBytes(folder: folder) ?? 0
    return .diskFull(path: path, needed: max(expectedBytes, offset), available: available)
  }
}
