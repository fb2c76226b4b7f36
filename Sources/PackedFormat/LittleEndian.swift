/// Bytes that grow by little-endian integers.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func append(_ more: [UInt8]) { bytes += more }
}

/// Bytes that are read from their start on.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var offset: Int

  /// Whether all was read.
  var isAtEnd: Bool { offset == bytes.count }

  init(_ bytes: [UInt8], from offset: Int = 0) { (self.bytes, self.offset) = (bytes, offset) }

  /// The next bytes; nil where there are fewer.
  mutating func take(_ count: Int) -> [UInt8]? {
    guard count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  /// The next integer; nil where there are too few bytes for it.
  mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
    guard let taken = take(MemoryLayout<Integer>.size) else { return nil }
    return taken.reversed().reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
  }
}
