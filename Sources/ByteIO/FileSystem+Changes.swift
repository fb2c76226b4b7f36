import LibC

extension FileSystem {
  /// Gives a file or folder another path in the same file system; a file there is replaced.
  ///
  /// - Parameters:
  ///   - source: what is there.
  ///   - target: its new path.
  /// - Throws: `FileError.cannotRename` with the target.
  package static func move(_ source: String, to target: String) throws(FileError) {
    guard unsafe rename(source, target) == 0 else {
      throw .cannotRename(path: target, errno: errno)
    }
  }

  /// Removes a folder that holds files only, as far as that goes.
  package static func removeFolder(_ path: String) {
    for name in (try? names(inFolder: path)) ?? [] { _ = unsafe unlink(join(path, name)) }
    _ = unsafe rmdir(path)
  }

  /// A hidden path beside another one, for this process to use for a while: `a/.b.PID.ending`.
  ///
  /// - Parameters:
  ///   - path: the path that it belongs to.
  ///   - ending: what tells several of them apart.
  /// - Returns: the path.
  /// - Throws: `FileError.cannotCreate` where an earlier process left something there.
  package static func hiddenSibling(
    of path: String, ending: String
  ) throws(FileError) -> String {
    let sibling = join(folder(of: path), ".\(name(of: path)).\(getpid()).\(ending)")
    guard !exists(sibling) else { throw .cannotCreate(path: sibling, errno: EEXIST) }
    return sibling
  }
}
