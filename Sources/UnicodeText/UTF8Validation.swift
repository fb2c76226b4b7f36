/// Checks that bytes are UTF-8.
///
/// - Parameter bytes: text of any origin.
/// - Returns: the offset of the first byte that doesn't start a scalar encoded as UTF-8 demands
///   (shortest form, no surrogates, nothing above U+10FFFF, complete); nil if there is none.
public func firstInvalidUTF8(_ bytes: Span<UInt8>) -> Int? {
  let raw = unsafe bytes.bytes
  let count = bytes.count
  var offset = 0
  while offset < count {
    let first = bytes[offset]
    if first < 0x80 {
      offset += 1
      while offset + 8 <= count, raw.word(at: offset) & 0x8080_8080_8080_8080 == 0 { offset += 8 }
      continue
    }
    guard let length = validLength(bytes, at: offset, first) else { return offset }
    offset += length
  }
  return nil
}

/// Checks that bytes are UTF-8; see the function over a span.
public func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
  firstInvalidUTF8(bytes.span)
}

/// The length of the scalar of several bytes at `offset`; nil if it is malformed.
private func validLength(_ bytes: Span<UInt8>, at offset: Int, _ first: UInt8) -> Int? {
  let length: Int
  var lowest: UInt8 = 0x80
  var highest: UInt8 = 0xBF  // of the second byte, which alone has tighter limits
  switch first {
  case 0xC2...0xDF: length = 2
  case 0xE0...0xEF:
    length = 3
    if first == 0xE0 { lowest = 0xA0 }
    if first == 0xED { highest = 0x9F }
  case 0xF0...0xF4:
    length = 4
    if first == 0xF0 { lowest = 0x90 }
    if first == 0xF4 { highest = 0x8F }
  default: return nil
  }
  guard offset + length <= bytes.count else { return nil }
  let second = bytes[offset + 1]
  guard lowest <= second, second <= highest else { return nil }
  if length > 2, bytes[offset + 2] & 0xC0 != 0x80 { return nil }
  if length > 3, bytes[offset + 3] & 0xC0 != 0x80 { return nil }
  return length
}

extension RawSpan {
  /// Eight bytes as one word, in the processor's order; checked against the bounds.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
