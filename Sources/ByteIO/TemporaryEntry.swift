import CSystem
import LibC

/// A file or folder with a hidden name, which it has until it gets its own.
///
/// It is removed with its last owner, and when a signal ends the process; what a process left that
/// was killed, the next one removes. A lock tells the two apart. The name is as short as it is
/// random, whatever the output's name, and everything is done relative to the open folder, so that
/// nothing that takes a path's place meanwhile is followed.
struct TemporaryEntry: ~Copyable {
  /// The folder that holds it.
  let folder: Descriptor
  let name: String
  /// The file or folder itself.
  let content: Descriptor
  private let isFolder: Bool
  private let note: Int32

  private static let prefix = ".kibble."
  private static let suffix = ".tmp"

  /// Creates a file that may be written, or a folder.
  ///
  /// - Parameters:
  ///   - path: what it will be, for messages.
  ///   - folderPath: the folder that is to hold it.
  ///   - isFolder: which of the two.
  ///   - mode: its permissions, of which the process's mask takes some.
  /// - Throws: `FileError.cannotCreate`.
  init(
    for path: String, in folderPath: String, isFolder: Bool = false, mode: mode_t
  ) throws(FileError) {
    let number = unsafe open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .cannotCreate(path: path, errno: errno) }
    let folder = Descriptor(number)
    Self.removeStale(in: folder)
    var name = ""
    var note: Int32 = -1
    var content: Descriptor?
    repeat {
      name = Self.prefix + String(UInt64.random(in: 1 << 60 ... .max), radix: 16) + Self.suffix
      // Before it is there, so that it is never there unnoted.
      note = unsafe kb_note_temporary(number, name, isFolder ? 1 : 0)
      content = Self.create(name, in: folder, isFolder: isFolder, mode: mode)
      guard content == nil else { break }
      let code = errno
      kb_forget_temporary(note)
      guard code == EEXIST else { throw .cannotCreate(path: path, errno: code) }
    } while true
    guard let content else { throw .cannotCreate(path: path, errno: EEXIST) }
    self.folder = folder
    self.isFolder = isFolder
    (self.name, self.note, self.content) = (name, note, content)
  }

  deinit {
    Self.remove(name, in: folder, isFolder: isFolder)
    kb_forget_temporary(note)
  }

  /// A new entry, locked; nil with `errno` set, `EEXIST` where another name may help.
  private static func create(
    _ name: String, in folder: Descriptor, isFolder: Bool, mode: mode_t
  ) -> Descriptor? {
    if isFolder, unsafe mkdirat(folder.number, name, mode) != 0 { return nil }
    let flags = isFolder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT | O_EXCL
    let number = unsafe openat(folder.number, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
    guard number >= 0 else {
      let code = errno
      if isFolder { _ = unsafe unlinkat(folder.number, name, AT_REMOVEDIR) }
      errno = code
      return nil
    }
    let content = Descriptor(number)
    // Not every file system has locks. Another process may have taken the entry for stale before
    // it was locked.
    var status = stat()
    let isTaken = flock(number, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    guard !isTaken, unsafe fstat(number, &status) == 0, status.st_nlink > 0 else {
      errno = EEXIST
      return nil
    }
    return content
  }

  /// Removes what processes left that are no more.
  private static func removeStale(in folder: Descriptor) {
    for name in folder.names ?? [] where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
      let number = unsafe openat(folder.number, name, flags)
      guard number >= 0 else { continue }
      let entry = Descriptor(number)
      var status = stat()
      guard unsafe fstat(number, &status) == 0, status.st_uid == geteuid(),
        flock(entry.number, LOCK_EX | LOCK_NB) == 0
      else { continue }
      remove(name, in: folder, isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }
  }

  /// Removes a file, or a folder and what is in it; nothing need be there.
  private static func remove(_ name: String, in folder: Descriptor, isFolder: Bool) {
    guard unsafe unlinkat(folder.number, name, isFolder ? AT_REMOVEDIR : 0) != 0, isFolder else {
      return
    }
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let number = unsafe openat(folder.number, name, flags)
    guard number >= 0 else { return }
    let inner = Descriptor(number)
    for name in inner.names ?? [] where unsafe unlinkat(inner.number, name, 0) != 0 {
      remove(name, in: inner, isFolder: true)
    }
    _ = unsafe unlinkat(folder.number, name, AT_REMOVEDIR)
  }
}
