extension FileSystem {
  /// A path inside a folder.
  public static func join(_ folder: String, _ name: String) -> String {
    if folder.isEmpty || name.utf8.first == UInt8(ascii: "/") { return name }
    return folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
  }

  /// The last part of a path, without slashes at its end: `c` of `a/b/c` and of `c/`.
  public static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The folder that a path lies in: `a/b` of `a/b/c`, `.` of `c`, `/` of `/c`.
  public static func folder(of path: String) -> String {
    let parts = path.split(separator: "/")
    let root = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
    let folder = root + parts.dropLast().joined(separator: "/")
    return folder.isEmpty ? "." : folder
  }

  /// Whether a name is one part of a path, so that it cannot lead out of a folder.
  public static func isPlainName(_ name: String) -> Bool {
    !["", ".", ".."].contains(name) && !name.utf8.contains { $0 == 0x2F || $0 == 0x5C || $0 == 0 }
  }
}
