import ByteIO

/// The folder that a path leads to, through the hub's cache if need be.
struct CheckpointLocation {
  let folder: String
  let commit: String?

  static func resolve(_ path: String) throws(CheckpointError) -> CheckpointLocation {
    guard FileSystem.exists(path) else {
      if let target = FileSystem.linkTarget(path) {
        throw .file(.danglingLink(path: path, target: target))
      }
      throw .file(.notFound(path: path))
    }
    guard FileSystem.isFolder(path) else {
      if let format = UnsupportedFormat(fileName: FileSystem.name(of: path)) {
        throw .unsupported(path: path, format: format)
      }
      throw .notFolder(path: path)
    }
    let snapshots = FileSystem.join(path, "snapshots")
    if FileSystem.isFolder(snapshots), !FileSystem.entryExists(FileSystem.join(path, "config.json"))
    {
      let commit = try chooseSnapshot(in: snapshots, cache: path)
      return CheckpointLocation(folder: FileSystem.join(snapshots, commit), commit: commit)
    }
    return CheckpointLocation(folder: path, commit: commitOfSnapshot(path))
  }

  /// Where a link leads, if that is out of the folder.
  ///
  /// A stranger's folder must not take along other files of this machine. A cache folder's own
  /// blobs are part of it.
  func target(outsideOf path: String) -> String? {
    guard let target = FileSystem.linkTarget(path), let real = FileSystem.realPath(path),
      let home = FileSystem.realPath(folder)
    else { return nil }
    let parts = home.split(separator: "/", omittingEmptySubsequences: false)
    let cache = parts.indices.dropFirst().last {
      parts[$0] == "snapshots" && parts[$0 - 1].hasPrefix("models--")
    }
    let blobs = cache.map { parts[..<$0].joined(separator: "/") + "/blobs/" }
    let places = [home == "/" ? home : home + "/", blobs].compactMap(\.self)
    return places.contains { real.hasPrefix($0) } ? nil : target
  }

  /// The commit that `refs/main` names, or else the only one.
  private static func chooseSnapshot(
    in snapshots: String, cache: String
  ) throws(CheckpointError) -> String {
    let reference = FileSystem.join(cache, "refs/main")
    if FileSystem.entryExists(reference) {
      let bytes = try reading { () throws(FileError) in
        try FileSystem.read(reference, limit: 4096)
      }
      let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
      let commit = String(
        decoding: bytes.drop(while: isSpace).prefix { !isSpace($0) }, as: UTF8.self)
      guard FileSystem.isPlainName(commit),
        FileSystem.isFolder(FileSystem.join(snapshots, commit))
      else { throw .snapshotAbsent(folder: cache, commit: commit) }
      return commit
    }
    let names = try reading { () throws(FileError) in try FileSystem.names(inFolder: snapshots) }
    let commits = names.filter { FileSystem.isFolder(FileSystem.join(snapshots, $0)) }
    guard let commit = commits.first else { throw .snapshotMissing(folder: cache) }
    guard commits.count == 1 else {
      throw .snapshotAmbiguous(folder: cache, snapshots: commits)
    }
    return commit
  }

  /// The folder's name, if it lies in the snapshots of a cache folder.
  private static func commitOfSnapshot(_ path: String) -> String? {
    guard let real = FileSystem.realPath(path) else { return nil }
    let parts = real.split(separator: "/")
    guard parts.count >= 3, parts[parts.count - 2] == "snapshots",
      parts[parts.count - 3].hasPrefix("models--")
    else { return nil }
    return parts.last.map(String.init)
  }
}

extension CheckpointFolder {
  /// The folder that a path leads to: itself, or a snapshot where it is a folder of the hub's cache.
  public static func resolve(_ path: String) throws(CheckpointError) -> String {
    try CheckpointLocation.resolve(path).folder
  }
}
