extension FileSystem {
  /// Memory that this process can still get without others losing theirs to the disk, in bytes: what
  /// Linux estimates ("MemAvailable"), within what the process's control groups grant (version 2).
  ///
  /// - Returns: nil where the system does not say.
  public static func availableMemory() -> Int? {
    guard let text = readSystemFile("/proc/meminfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    let folders = readSystemFile("/proc/self/cgroup").map(ProcessorQuota.folders(groups:)) ?? []
    func bytes(_ path: String) -> Int? {
      readSystemFile(path).flatMap { Int($0.prefix { $0 != "\n" }) }
    }
    let grants = folders.compactMap { folder -> Int? in
      guard let most = bytes(folder + "/memory.max") else { return nil }
      return max(0, most - (bytes(folder + "/memory.current") ?? 0))
    }
    return ([kibibytes * 1024] + grants).min()
  }
}
