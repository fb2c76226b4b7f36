import LibC

extension FileSystem {
  /// The largest amount of memory that the process ever held, mapped pages included, in bytes.
  ///
  /// On Linux this is `VmHWM`, elsewhere what `getrusage` says; 0 where nothing is known.
  public static func peakResidentBytes() -> Int {
    #if os(Linux)
      guard let text = readSystemFile("/proc/self/status") else { return 0 }
      let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      let kibibytes = line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
      return (kibibytes ?? 0) * 1024
    #else
      var usage = rusage()
      guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
      return usage.ru_maxrss
    #endif
  }
}
