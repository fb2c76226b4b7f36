import CSystem
import LibC

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the same folder. `commit` forces them to the disk and
/// renames it; without `commit` the temporary file is removed and the path holds what it held.
/// Where the path is a link to a file, the file is replaced and the link stays.
public struct AtomicFile: ~Copyable {
  /// The path that the file will have.
  public let path: String
  /// Writes to the temporary file, from any thread, until `commit`.
  public let sink: FileSink
  private let temporary: TemporaryEntry
  private let target: OutputTarget
  private let overwrite: Bool

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
    let target = try OutputTarget(file: path, overwrite: overwrite, inputs: inputs)
    if let available = FileSystem.availableBytes(folder: target.folder), available < expectedBytes {
      throw .diskFull(path: path, needed: expectedBytes, available: available)
    }
    // Nobody may read meanwhile what will not be theirs to read.
    let temporary = try TemporaryEntry(
      for: path, in: target.folder, mode: target.mode == nil ? 0o666 : 0o600)
    // Of several outputs, one that is in its place does not make the run a success.
    kb_set_commitment(KB_OPEN)
    self.path = path
    self.overwrite = overwrite
    self.target = target
    sink = FileSink(
      file: temporary.content, path: path, folder: target.folder, expectedBytes: expectedBytes)
    self.temporary = temporary
  }

  /// Puts the file in its place, with the permissions of the file that it replaces.
  ///
  /// - Throws: `FileError` where the disk or the file system refuses; the path then holds what
  ///   it held.
  public consuming func commit() throws(FileError) {
    if let mode = target.mode { _ = fchmod(temporary.content.number, mode) }
    try sink.sync()
    try target.checkFolder(temporary.folder)
    try committing { () throws(FileError) in
      if overwrite {
        try rename()
      } else {
        try link()
      }
    }
    _ = fsync(temporary.folder.number)
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
    _ = try OutputTarget(file: path, overwrite: overwrite, inputs: inputs)
  }

  private func rename() throws(FileError) {
    let folder = temporary.folder.number
    guard unsafe renameat(folder, temporary.name, folder, target.name) == 0 else {
      throw .cannotRename(path: path, errno: errno)
    }
  }

  /// Gives the file its name unless something took it meanwhile, which renaming would replace.
  private func link() throws(FileError) {
    let folder = temporary.folder.number
    if unsafe linkat(folder, temporary.name, folder, target.name, 0) == 0 { return }
    guard errno != EEXIST else { throw .outputExists(path: path) }
    // Not every file system has links.
    try rename()
  }
}
