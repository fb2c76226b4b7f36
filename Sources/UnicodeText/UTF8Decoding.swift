/// Reading scalars out of UTF-8 that has been checked before.
///
/// Text that isn't valid is read without a trap, as scalars of no use: the checks are here so
/// that a caller's mistake stays a wrong answer.
extension Span<UInt8> {
  /// The scalar that starts at `offset`, which is below `end`, and the number of its bytes.
  @inline(__always)
  package func scalar(at offset: Int, before end: Int) -> (value: UInt32, length: Int) {
    let first = self[offset]
    return first < 0x80 ? (UInt32(first), 1) : wideScalar(at: offset, before: end)
  }

  /// The same where the first byte isn't ASCII.
  func wideScalar(at offset: Int, before end: Int) -> (value: UInt32, length: Int) {
    let first = UInt32(self[offset])
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard offset + length <= end else { return (0xFFFD, 1) }
    let second = UInt32(self[offset + 1] & 0x3F)
    if length == 2 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(self[offset + 2] & 0x3F)
    if length == 3 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    let value = (first & 0x07) << 18 | second << 12 | third << 6 | UInt32(self[offset + 3] & 0x3F)
    return (value <= 0x10FFFF ? value : 0xFFFD, 4)
  }

  /// Where the scalar starts that ends before `end`, which is above `start`.
  package func scalarStart(before end: Int, from start: Int) -> Int {
    var offset = end - 1
    while offset > start, end - offset < 4, self[offset] & 0xC0 == 0x80 { offset -= 1 }
    return offset
  }
}

/// Appends a scalar as UTF-8; `scalar` isn't a surrogate.
func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
  if scalar < 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: scalar))
    return
  }
  if scalar < 0x800 {
    bytes.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
  } else {
    if scalar < 0x1_0000 {
      bytes.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
    } else {
      bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
    }
    bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
  }
  bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
}
