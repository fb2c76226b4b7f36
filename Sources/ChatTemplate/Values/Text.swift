/// A Python string: Unicode scalars, kept as UTF-8.
///
/// Comparison, order and length are those of Python, by scalars: the bytes of UTF-8 sort as the
/// scalars do, and Swift's own canonical equivalence plays no part.
struct Text: Sendable {
  let bytes: [UInt8]
  /// The number of Unicode scalars.
  let count: Int

  static let empty = Text([])

  /// The text of bytes that are valid UTF-8.
  init(_ bytes: [UInt8]) {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    self.init(bytes, count: count)
  }

  init(_ bytes: [UInt8], count: Int) {
    self.bytes = bytes
    self.count = count
  }

  init(_ bytes: ArraySlice<UInt8>) { self.init(Array(bytes)) }

  init(_ string: String) { self.init(Array(string.utf8)) }

  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var bytes: [UInt8] = []
    for scalar in scalars { bytes.append(scalar) }
    self.init(bytes)
  }

  var isEmpty: Bool { bytes.isEmpty }
  var isASCII: Bool { bytes.count == count }
  var string: String { String(decoding: bytes, as: UTF8.self) }
  var scalars: [Unicode.Scalar] { Array(string.unicodeScalars) }

  static func + (left: Text, right: Text) -> Text {
    Text(left.bytes + right.bytes, count: left.count + right.count)
  }

  /// Where the scalar of that index begins; the end for an index beyond.
  func offset(ofScalar index: Int) -> Int {
    if isASCII { return min(index, bytes.count) }
    var left = index
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      if left == 0 { return offset }
      left -= 1
    }
    return bytes.count
  }

  /// The scalars from one index to another.
  func slice(_ start: Int, _ end: Int) -> Text {
    guard start < end else { return .empty }
    let from = offset(ofScalar: start)
    let to = offset(ofScalar: end)
    return Text(Array(bytes[from..<to]), count: min(end, count) - start)
  }

  func hasPrefix(_ other: Text) -> Bool { bytes.starts(with: other.bytes) }

  func hasSuffix(_ other: Text) -> Bool {
    bytes.count >= other.bytes.count && bytes.suffix(other.bytes.count).elementsEqual(other.bytes)
  }
}

extension Text: Hashable, Comparable {
  static func == (left: Text, right: Text) -> Bool { left.bytes == right.bytes }

  static func < (left: Text, right: Text) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension Text: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self.init(value) }
}

extension [UInt8] {
  /// Appends a scalar in UTF-8.
  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    }
  }

  mutating func append(_ string: String) { append(contentsOf: string.utf8) }
}
