import LibC

extension FileSystem {
  /// The start of a file of `/proc` or `/sys`: those have no size, so they are not read like others.
  static func readSystemFile(_ path: String) -> String? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe pread(file.number, $0.baseAddress, $0.count, 0)
    }
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
  }
}
