/// The share of the processors' time that a container or a service manager grants this process.
///
/// Linux's control groups state it as microseconds of processor time in a period, in `cpu.max` of
/// a group and of those above it (version 2), or in two files of the group (version 1).
public enum ProcessorQuota {
  /// Processors that the quota is worth, rounded up; nil without one.
  public static var processors: Int? {
    guard let groups = FileSystem.readSystemFile("/proc/self/cgroup") else { return nil }
    return folders(groups: groups).compactMap { folder in
      if let text = FileSystem.readSystemFile(folder + "/cpu.max") {
        let fields = text.split { $0 == " " || $0 == "\n" }
        return fields.count == 2 ? processors(quota: fields[0], period: fields[1]) : nil
      }
      guard let quota = FileSystem.readSystemFile(folder + "/cpu.cfs_quota_us"),
        let period = FileSystem.readSystemFile(folder + "/cpu.cfs_period_us")
      else { return nil }
      return processors(quota: quota.prefix { $0 != "\n" }, period: period.prefix { $0 != "\n" })
    }.min()
  }

  /// The folders that may limit a process: its groups', as `/proc/self/cgroup` lists them, and
  /// those above.
  package static func folders(groups: String) -> [String] {
    var folders: [String] = []
    for line in groups.split(separator: "\n") {
      // number:controllers:path, without a controller in version 2
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      guard controllers.isEmpty || controllers.contains("cpu") else { continue }
      let root = controllers.isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu"
      let names = fields[2].split(separator: "/")
      folders += (0...names.count).map { count in
        names.prefix(count).reduce(root) { $0 + "/" + $1 }
      }
    }
    return folders
  }

  /// Processors for so many microseconds in a period; nil where there is no limit ("max", -1).
  package static func processors(quota: Substring, period: Substring) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else {
      return nil
    }
    return quota / period + (quota % period > 0 ? 1 : 0)
  }
}
