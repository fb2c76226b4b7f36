import CSystem
import LibC

/// Where an output goes, once nothing speaks against it.
struct OutputTarget {
  /// The path as it was given, for messages.
  let path: String
  /// The folder that will hold it, links followed.
  let folder: String
  /// Its name there.
  let name: String
  /// The permissions of what it replaces; nil where that is nothing.
  let mode: mode_t?

  /// A file's place.
  ///
  /// - Throws: `FileError` where the path may not or cannot hold a new file.
  init(file path: String, overwrite: Bool, inputs: [FileIdentity]) throws(FileError) {
    guard path.utf8.last != UInt8(ascii: "/") else { throw .outputNotRegular(path: path) }
    try self.init(path)
    guard let status = FileSystem.status(path) else { return }
    let identity = FileIdentity(status)
    guard !inputs.contains(identity) else { throw .outputIsInput(path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .outputNotRegular(path: path) }
    for number in [STDOUT_FILENO, STDERR_FILENO] where Descriptor.identity(number) == identity {
      throw .outputIsStandard(path: path)
    }
    guard overwrite else { throw .outputExists(path: path) }
  }

  /// A folder's place, or what files and folders have in common.
  init(_ path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw .cannotCreate(path: path, errno: EINVAL) }
    let given = FileSystem.folder(of: path)
    guard FileSystem.isFolder(given) else { throw .missingFolder(path: path, folder: given) }
    guard !["", ".", ".."].contains(FileSystem.name(of: path)) else {
      throw .outputNotRegular(path: path)
    }
    self.path = path
    let status = FileSystem.status(path)
    mode = status.map { $0.st_mode & 0o777 }
    // Names may be too long, and paths lead around in circles.
    guard status != nil || errno == ENOENT else { throw .cannotCreate(path: path, errno: errno) }
    // A link that leads nowhere is there all the same.
    guard status != nil || !FileSystem.entryExists(path) else {
      throw .outputNotRegular(path: path)
    }
    let real = FileSystem.isLink(path) ? FileSystem.realPath(path) ?? path : path
    folder = FileSystem.folder(of: real)
    name = FileSystem.name(of: real)
    guard unsafe access(folder, W_OK | X_OK) == 0 else {
      throw .cannotCreate(path: path, errno: errno)
    }
  }

  /// Checks before the output gets its name that the open folder still has its own.
  func checkFolder(_ open: Descriptor) throws(FileError) {
    guard let identity = FileSystem.identity(folder), identity == Descriptor.identity(open.number)
    else { throw .cannotRename(path: path, errno: ENOENT) }
  }
}

/// Gives an output its name, and says so to the handlers of signals: the exit code must tell
/// whether it has it.
func committing(_ body: () throws(FileError) -> Void) throws(FileError) {
  let before = kb_commitment()
  kb_set_commitment(KB_COMMITTING)
  do throws(FileError) {
    try body()
  } catch {
    kb_set_commitment(before)
    throw error
  }
  kb_set_commitment(KB_COMMITTED)
}
