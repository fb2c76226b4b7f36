import LibC

/// The system's words for an error number.
func systemMessage(_ errno: Int32) -> String {
  guard let text = unsafe strerror(errno) else { return "error \(errno)" }
  return unsafe String(cString: text)
}

/// An open file, closed with its last owner.
final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { _ = close(number) }

  /// What is open there, if anything is.
  static func identity(_ number: Int32) -> FileIdentity? {
    var status = stat()
    return unsafe fstat(number, &status) == 0 ? FileIdentity(status) : nil
  }

  /// The names in an open folder, sorted by their bytes, without `.` and `..`; nil, with `errno`
  /// set, where they cannot be read, as for want of a second descriptor.
  var names: [String]? {
    // Reading through a copy would move this one's position, too.
    let copy = unsafe openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return nil }
    guard let folder = unsafe fdopendir(copy) else {
      let code = errno
      _ = close(copy)
      errno = code
      return nil
    }
    defer { _ = unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Opens a file for reading; says what is wrong with it otherwise.
  ///
  /// The file must be regular: opening a pipe or a device might wait forever.
  static func openForReading(
    _ path: String
  ) throws(FileError) -> (file: Descriptor, status: stat) {
    guard !path.utf8.contains(0) else { throw .notFound(path: path) }
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else {
      let code = errno
      if code == ENOENT, let target = FileSystem.linkTarget(path) {
        throw .danglingLink(path: path, target: target)
      }
      throw code == ENOENT || code == ENOTDIR
        ? .notFound(path: path) : .cannotOpen(path: path, errno: code)
    }
    let file = Descriptor(number)
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else {
      throw .cannotOpen(path: path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
    try GitLFSPointer.refuse(file, size: Int(status.st_size), path: path)
    return (file, status)
  }

  /// The bytes of a range, which the file must have; `path` is for messages.
  func bytes(_ range: Range<Int>, path: String) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < range.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        return unsafe pread(number, rest.baseAddress, rest.count, off_t(range.lowerBound + done))
      }
      if count > 0 {
        done += count
      } else if count == 0 {
        throw .truncated(path: path, expected: range.upperBound, found: range.lowerBound + done)
      } else if errno != EINTR {
        throw .cannotRead(path: path, offset: range.lowerBound + done, errno: errno)
      }
    }
    return bytes
  }
}

extension FileSystem {
  /// The start of a file of `/proc` or `/sys`: those have no size, so they are not read like others.
  static func readSystemFile(_ path: String) -> String? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe pread(file.number, $0.baseAddress, $0.count, 0)
    }
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
  }
}

/// What changes with a file's content.
struct FileVersion: Equatable {
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  init(_ status: stat) {
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    (size, seconds, nanoseconds) = (Int(status.st_size), time.tv_sec, time.tv_nsec)
  }
}

extension FileIdentity {
  init(_ status: stat) {
    self.init(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino))
  }
}
