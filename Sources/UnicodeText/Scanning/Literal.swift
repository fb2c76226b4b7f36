/// A text that is searched for, with the table of Knuth, Morris and Pratt, so that searching takes
/// time linear in the text whatever the literal.
struct Literal: Sendable {
  private let bytes: [UInt8]
  /// For each length of a start of the literal that was found: how much of it is found still
  /// when the next byte differs.
  private let fallbacks: [Int]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var fallbacks = [Int](repeating: 0, count: bytes.count + 1)
    var matched = 0
    for index in bytes.indices.dropFirst() {
      while matched > 0, bytes[index] != bytes[matched] { matched = fallbacks[matched] }
      if bytes[index] == bytes[matched] { matched += 1 }
      fallbacks[index + 1] = matched
    }
    self.fallbacks = fallbacks
  }

  /// The places of the literal in a part of a text, left to right, none overlapping another.
  func forEachMatch(in text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard let first = bytes.first else { return }
    var matched = 0
    var offset = range.lowerBound
    while offset < range.upperBound {
      let byte = text[offset]
      if matched == 0 && byte != first {
        offset += 1
        continue
      }
      while matched > 0, byte != bytes[matched] { matched = fallbacks[matched] }
      if byte == bytes[matched] { matched += 1 }
      offset += 1
      if matched == bytes.count {
        body(offset - matched..<offset)
        matched = 0
      }
    }
  }
}
