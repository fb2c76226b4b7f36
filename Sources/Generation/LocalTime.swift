import LibC

/// The time of day here.
enum LocalTime {
  /// The current time in the format of `strftime`; empty where that is longer than 4 KB.
  static func formatted(_ format: String) -> String {
    guard !format.isEmpty else { return "" }
    var now = time(nil)
    var parts = unsafe tm()
    guard unsafe localtime_r(&now, &parts) != nil else { return "" }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
