import Glibc
import Meter

/// A file in memory for parsers that want a path; it holds one input after the other.
enum ScratchFile {
  private static let number = memory_file()

  /// The path of a file that holds the bytes.
  static func path(holding bytes: [UInt8]) -> String {
    ftruncate(number, 0)
    precondition(pwrite(number, bytes, bytes.count, 0) == bytes.count, "no room for the input")
    return "/proc/self/fd/\(number)"
  }
}
