import CSystem
import LibC

/// A folder of files that appears under its name only when all of them are complete.
///
/// The files go to a temporary folder beside it. Without `commit` that is removed, and the path
/// holds what it held. Where the path is a link to a folder, the folder is replaced and the link
/// stays.
package struct AtomicFolder: ~Copyable {
  private let temporary: TemporaryEntry
  private let target: OutputTarget
  private var files: [(name: String, note: Int32)] = []

  /// Creates the temporary folder.
  ///
  /// - Parameter path: where the folder shall be; one that is there is replaced with all its files.
  /// - Throws: `FileError` where it cannot be created.
  package init(path: String) throws(FileError) {
    let target = try Self.target(path)
    let temporary = try TemporaryEntry(
      for: path, in: target.folder, isFolder: true, mode: target.mode == nil ? 0o777 : 0o700)
    self.target = target
    self.temporary = temporary
  }

  deinit {
    // Listing the folder, as others do, needs descriptors that there may not be.
    for file in files.reversed() {
      if unsafe unlinkat(temporary.content.number, file.name, 0) != 0 {
        _ = unsafe unlinkat(temporary.content.number, file.name, AT_REMOVEDIR)
      }
      kb_forget_temporary(file.note)
    }
  }

  /// Where the files are until `commit`.
  package var temporaryPath: String { FileSystem.join(target.folder, temporary.name) }

  /// Refuses paths where no folder can be created; useful before any work is done.
  package static func check(_ path: String) throws(FileError) { _ = try target(path) }

  /// A folder's place: also that of `.`, or of what a link leads to.
  private static func target(_ path: String) throws(FileError) -> OutputTarget {
    try OutputTarget(FileSystem.realPath(path) ?? path)
  }

  /// Writes a file of the folder, with the permissions of the one that it replaces.
  ///
  /// - Parameters:
  ///   - name: the file's name, not yet used; it may lie in a folder of this one.
  ///   - bytes: its size.
  ///   - body: writes its content.
  /// - Throws: what `body` throws, or `FileError`.
  package mutating func write(
    _ name: String, bytes: Int, _ body: (FileSink) throws -> Void
  ) throws {
    let path = FileSystem.join(target.path, name)
    if let available = FileSystem.availableBytes(folder: target.folder), available < bytes {
      throw FileError.diskFull(path: path, needed: bytes, available: available)
    }
    if let slash = name.lastIndex(of: "/") {
      let inner = String(name[..<slash])
      files.append((inner, unsafe kb_note_temporary(temporary.content.number, inner, 1)))
      guard unsafe mkdirat(temporary.content.number, inner, 0o777) == 0 || errno == EEXIST else {
        throw FileError.cannotCreate(path: path, errno: errno)
      }
    }
    files.append((name, unsafe kb_note_temporary(temporary.content.number, name, 0)))
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let number = unsafe openat(temporary.content.number, name, flags, 0o666)
    guard number >= 0 else { throw FileError.cannotCreate(path: path, errno: errno) }
    let file = Descriptor(number)
    if let old = FileSystem.status(path) { _ = fchmod(number, old.st_mode & 0o777) }
    let sink = FileSink(file: file, path: path, folder: target.folder, expectedBytes: bytes)
    try body(sink)
    try sink.sync()
  }

  /// Puts the folder in its place.
  ///
  /// - Throws: `FileError` where the file system refuses; the path then holds what it held.
  package consuming func commit() throws(FileError) {
    if let mode = target.mode { _ = fchmod(temporary.content.number, mode) }
    _ = fsync(temporary.content.number)
    try target.checkFolder(temporary.folder)
    // What has its name is no longer temporary, whatever signal comes.
    for file in files { kb_forget_temporary(file.note) }
    files = []
    try committing { () throws(FileError) in try replace() }
    _ = fsync(temporary.folder.number)
  }

  private func replace() throws(FileError) {
    let folder = temporary.folder.number
    // Listed before, since descriptors may be few when it is too late to fail.
    let before = target.mode == nil ? [] : try entries(of: target.name)
    // In one step, where the system has that; what was there is then removed as the temporary one.
    if target.mode != nil, unsafe kb_exchange(folder, temporary.name, target.name) == 0 {
      remove(before, from: temporary.name)
      return
    }
    var old: TemporaryEntry?
    if target.mode != nil {
      let other = try TemporaryEntry(
        for: target.path, in: target.folder, isFolder: true, mode: 0o700)
      try rename(target.name, to: other.name)
      old = consume other
    }
    do throws(FileError) {
      try rename(temporary.name, to: target.name)
    } catch {
      if let other = old?.name { try rename(other, to: target.name) }
      throw error
    }
    if let other = old?.name { remove(before, from: other) }
  }

  /// The paths in a folder beside the temporary one, those in folders first.
  private func entries(of name: String) throws(FileError) -> [String] {
    let path = FileSystem.join(target.folder, name)
    var entries: [String] = []
    for name in try FileSystem.names(inFolder: path) {
      let inner = FileSystem.join(path, name)
      if FileSystem.linkTarget(inner) == nil, FileSystem.isFolder(inner) {
        entries += try FileSystem.names(inFolder: inner).map { FileSystem.join(name, $0) }
      }
      entries.append(name)
    }
    return entries
  }

  /// Removes those paths from a folder beside the temporary one, without opening anything.
  private func remove(_ entries: [String], from name: String) {
    for entry in entries {
      let path = FileSystem.join(name, entry)
      if unsafe unlinkat(temporary.folder.number, path, 0) != 0 {
        _ = unsafe unlinkat(temporary.folder.number, path, AT_REMOVEDIR)
      }
    }
  }

  private func rename(_ name: String, to other: String) throws(FileError) {
    let folder = temporary.folder.number
    guard unsafe renameat(folder, name, folder, other) == 0 else {
      throw .cannotRename(path: target.path, errno: errno)
    }
  }
}
