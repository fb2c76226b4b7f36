import LibC

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the same folder. `commit` forces them to the disk and
/// renames it; without `commit` the temporary file is removed and the path holds what it held.
public struct AtomicFile: ~Copyable {
  /// The path that the file will have.
  public let path: String
  /// Writes to the temporary file, from any thread, until `commit`.
  public let sink: FileSink
  private let temporaryPath: String
  private let overwrite: Bool
  private var isFinished = false

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: where the file shall be.
  ///   - expectedBytes: its size, for which the file system must have room.
  ///   - overwrite: whether the path may hold a file, which is then replaced.
  ///   - inputs: the files that are read; the output may be none of them.
  /// - Throws: `FileError` where the output may not or cannot be created.
  public init(
    path: String, expectedBytes: Int, overwrite: Bool, inputs: [FileIdentity] = []
  ) throws(FileError) {
    try Self.check(path, overwrite: overwrite, inputs: inputs)
    let folder = FileSystem.folder(of: path)
    if let available = FileSystem.availableBytes(folder: folder), available < expectedBytes {
      throw .diskFull(path: path, needed: expectedBytes, available: available)
    }
    let (temporaryPath, file) = try Self.createTemporary(for: path, in: folder)
    self.path = path
    self.temporaryPath = temporaryPath
    self.overwrite = overwrite
    sink = FileSink(file: file, path: path, folder: folder, expectedBytes: expectedBytes)
  }

  deinit {
    if !isFinished { _ = unsafe unlink(temporaryPath) }
  }

  /// Puts the file in its place.
  ///
  /// - Throws: `FileError` where the disk or the file system refuses; the path then holds what
  ///   it held.
  public consuming func commit() throws(FileError) {
    try sink.sync()
    if overwrite {
      try rename()
    } else {
      try link()
    }
    isFinished = true
    FileSystem.syncFolder(FileSystem.folder(of: path))
  }

  /// Refuses outputs that must not be touched; useful before any work is done for them.
  ///
  /// - Parameters:
  ///   - path: where the file shall be.
  ///   - overwrite: whether the path may hold a file.
  ///   - inputs: the files that are read.
  /// - Throws: `FileError` with the reason.
  public static func check(
    _ path: String, overwrite: Bool, inputs: [FileIdentity]
  ) throws(FileError) {
    let folder = FileSystem.folder(of: path)
    let name = FileSystem.name(of: path)
    guard !path.utf8.contains(0) else { throw .cannotCreate(path: path, errno: EINVAL) }
    guard FileSystem.isFolder(folder) else { throw .missingFolder(path: path, folder: folder) }
    guard !["", ".", ".."].contains(name) else { throw .outputNotRegular(path: path) }
    if let identity = FileSystem.identity(path), inputs.contains(identity) {
      throw .outputIsInput(path: path)
    }
    guard FileSystem.entryExists(path) else { return }
    // A symbolic link that leads nowhere exists, but is no file.
    guard FileSystem.isRegularFile(path) else { throw .outputNotRegular(path: path) }
    guard overwrite else { throw .outputExists(path: path) }
  }

  private static func createTemporary(
    for path: String, in folder: String
  ) throws(FileError) -> (path: String, file: Descriptor) {
    let stem = ".\(FileSystem.name(of: path)).\(getpid())"
    // The number distinguishes files that one process writes at once, and steps over what an
    // earlier process of the same number left behind.
    for attempt in 0..<100 {
      let name = stem + (attempt == 0 ? "" : ".\(attempt)") + ".tmp"
      let temporaryPath = FileSystem.join(folder, name)
      let number = unsafe open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if number >= 0 { return (temporaryPath, Descriptor(number)) }
      guard errno == EEXIST else { break }
    }
    throw .cannotCreate(path: path, errno: errno)
  }

  private func rename() throws(FileError) {
    // The C function has the name of this method.
    guard unsafe renameat(AT_FDCWD, temporaryPath, AT_FDCWD, path) == 0 else {
      throw .cannotRename(path: path, errno: errno)
    }
  }

  /// Gives the file its name unless something took it meanwhile, which renaming would replace.
  private func link() throws(FileError) {
    if unsafe linkat(AT_FDCWD, temporaryPath, AT_FDCWD, path, 0) == 0 {
      _ = unsafe unlink(temporaryPath)
      return
    }
    guard errno != EEXIST else { throw .outputExists(path: path) }
    // Not every file system has links.
    try rename()
  }
}
