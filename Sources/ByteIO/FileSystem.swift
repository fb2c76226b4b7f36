import LibC

/// What the file system says about paths.
///
/// Paths are plain strings with `/` between the parts.
public enum FileSystem {
  /// Whether a file, a folder or anything else is there; links are followed.
  public static func exists(_ path: String) -> Bool { status(path) != nil }

  /// Whether a folder is there.
  public static func isFolder(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Whether a regular file is there.
  public static func isRegularFile(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
  }

  /// Checks that a regular file is there.
  ///
  /// - Throws: `FileError` where something else is, a link that leads nowhere, or nothing.
  public static func checkRegular(_ path: String) throws(FileError) {
    guard !isRegularFile(path) else { return }
    if let target = linkTarget(path), !exists(path) {
      throw .danglingLink(path: path, target: target)
    }
    throw exists(path) ? .notRegularFile(path: path) : .notFound(path: path)
  }

  /// The size of what is there, in bytes.
  public static func size(_ path: String) -> Int? { status(path).map { Int($0.st_size) } }

  /// What distinguishes the file from all others, if there is one.
  public static func identity(_ path: String) -> FileIdentity? {
    status(path).map { FileIdentity($0) }
  }

  /// The path without links, `.` and `..`, if something is there.
  public static func realPath(_ path: String) -> String? {
    guard !path.utf8.contains(0), let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  ///
  /// - Parameter path: the folder.
  /// - Returns: the names.
  /// - Throws: `FileError` where it is no folder or cannot be read.
  public static func names(inFolder path: String) throws(FileError) -> [String] {
    guard exists(path) else { throw .notFound(path: path) }
    let number = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else {
      throw errno == ENOTDIR ? .notFolder(path: path) : .cannotOpen(path: path, errno: errno)
    }
    guard let names = Descriptor(number).names else {
      throw .cannotOpen(path: path, errno: errno)
    }
    return names
  }

  /// The bytes of a small file.
  ///
  /// - Parameters:
  ///   - path: a regular file.
  ///   - limit: the largest size that is accepted, in bytes.
  /// - Returns: its bytes.
  /// - Throws: `FileError` where there is none, it is larger, or it cannot be read.
  public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let (file, status) = try Descriptor.openForReading(path)
    let size = Int(status.st_size)
    guard size <= limit else { throw .tooLarge(path: path, bytes: size, limit: limit) }
    return try file.bytes(0..<size, path: path)
  }

  /// The bytes that an unprivileged process may still write in a folder's file system.
  public static func availableBytes(folder: String) -> Int? {
    var status = statvfs()
    guard unsafe statvfs(folder, &status) == 0 else { return nil }
    let bytes = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return bytes.overflow ? Int.max : Int(clamping: bytes.partialValue)
  }

  /// Creates a folder, unless it is there; its own folder must be.
  ///
  /// - Parameter path: the folder.
  /// - Throws: `FileError` where it cannot be created.
  public static func createFolder(_ path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw .cannotCreate(path: path, errno: EINVAL) }
    if unsafe mkdir(path, 0o777) == 0 { return }
    let code = errno
    if code == EEXIST && isFolder(path) { return }
    throw code == ENOENT
      ? .missingFolder(path: path, folder: folder(of: path))
      : .cannotCreate(path: path, errno: code)
  }

  /// Whether a name is taken in its folder, if only by a link that leads nowhere.
  public static func entryExists(_ path: String) -> Bool { linkStatus(path) != nil }

  /// Whether a path is a symbolic link, wherever that leads.
  static func isLink(_ path: String) -> Bool {
    linkStatus(path).map { $0.st_mode & S_IFMT == S_IFLNK } ?? false
  }

  /// What a symbolic link holds; nil for anything else.
  package static func linkTarget(_ path: String) -> String? {
    guard isLink(path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe buffer.baseAddress.map { unsafe readlink(path, $0, buffer.count) } ?? 0
    }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  /// Asks that the names in a folder reach the disk.
  ///
  /// A failure is not reported: the name is in place by then and cannot be taken back, and not
  /// every file system can do this.
  static func syncFolder(_ path: String) {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return }
    let folder = Descriptor(number)
    _ = fsync(folder.number)
  }

  /// What is there, links followed; nil, with `errno` set, where nothing is.
  static func status(_ path: String) -> stat? {
    var status = stat()
    guard !path.utf8.contains(0), unsafe stat(path, &status) == 0 else { return nil }
    return status
  }

  private static func linkStatus(_ path: String) -> stat? {
    var status = stat()
    guard !path.utf8.contains(0), unsafe lstat(path, &status) == 0 else { return nil }
    return status
  }
}
