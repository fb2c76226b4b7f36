import CSystem
import CZlib

/// The CRC-32 of zlib, gzip and PNG (polynomial 0xEDB88320, reflected).
public struct CRC32: Equatable, Sendable {
  /// The checksum of everything so far; 0 of nothing.
  public private(set) var value: UInt32

  /// The checksum of no bytes.
  public init() { value = 0 }

  /// Continues from the checksum of what came before.
  public init(continuing value: UInt32) { self.value = value }

  /// Appends bytes, of any number.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = unsafe kb_crc32(value, start, bytes.count)
  }

  /// Appends bytes.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// The checksum of bytes alone, as of one `update`.
  public static func checksum(_ bytes: RawSpan) -> UInt32 {
    var checksum = CRC32()
    checksum.update(bytes)
    return checksum.value
  }

  /// The checksum of bytes.
  public static func checksum(_ bytes: [UInt8]) -> UInt32 {
    unsafe checksum(bytes.span.bytes)
  }

  /// The checksum of two byte sequences in a row, from the checksum of each.
  ///
  /// - Parameters:
  ///   - first: the checksum of the first.
  ///   - second: the checksum of the second.
  ///   - secondCount: the number of bytes of the second.
  /// - Returns: the checksum of both.
  public static func combine(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
    let combined = crc32_combine(uLong(first), uLong(second), numericCast(secondCount))
    return UInt32(truncatingIfNeeded: combined)
  }
}
