import ByteIO
import Diagnostics

/// The folder that a path leads to, through the hub's cache if need be.
struct CheckpointLocation {
  let folder: String
  let commit: String?
  /// `ORGANIZATION/NAME`, where the path lies in the hub's cache.
  let repository: String?

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
      let name = FileSystem.realPath(path).map { FileSystem.name(of: $0) }
      return CheckpointLocation(
        folder: FileSystem.join(snapshots, commit), commit: commit,
        repository: name.flatMap(repository(ofFolder:)))
    }
    let snapshot = snapshot(path)
    return CheckpointLocation(
      folder: path, commit: snapshot?.commit,
      repository: snapshot.flatMap { repository(ofFolder: $0.cache) })
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
      parts[$0] == "snapshots" && parts[$0 - 1].hasPrefix(Self.cachePrefix)
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

  /// The names of the folder and of the cache folder, if it lies in the snapshots of one.
  private static func snapshot(_ path: String) -> (cache: String, commit: String)? {
    guard let real = FileSystem.realPath(path) else { return nil }
    let parts = real.split(separator: "/").map(String.init).suffix(3)
    guard let cache = parts.first, let commit = parts.last, parts.count == 3,
      parts.dropFirst().first == "snapshots", cache.hasPrefix(cachePrefix)
    else { return nil }
    return (cache, commit)
  }

  /// The repository of a cache folder, which spells the slash as `--`.
  private static func repository(ofFolder name: String) -> String? {
    guard name.hasPrefix(cachePrefix) else { return nil }
    let rest = name.dropFirst(cachePrefix.count)
    guard let split = rest.firstIndex(ofText: "--") else { return String(rest) }
    return rest[..<split] + "/" + rest[split...].dropFirst(2)
  }

  private static let cachePrefix = "models--"
}

extension CheckpointFolder {
  /// The folder that a path leads to: itself, or a snapshot where it is a folder of the hub's cache.
  public static func resolve(_ path: String) throws(CheckpointError) -> String {
    try CheckpointLocation.resolve(path).folder
  }
}
