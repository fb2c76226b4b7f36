/// What a scalar is to the scanners.
enum ScalarKind {
  case word, number, newline, white, other
}

/// The runs that the scanners' patterns consist of, over the bytes of one text.
///
/// The functions take the text each time, since a structure can't hold on to it. `end` is the
/// end of the text; offsets are at borders of scalars.
struct TextScanner {
  let end: Int
  /// Categories that words consist of.
  let word: UInt32
  private let table = CategoryTable.shared

  init(end: Int, word: UInt32) {
    self.end = end
    self.word = word
  }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// The kind of the scalar at `offset` and its length.
  @inline(__always)
  func kind(_ text: Span<UInt8>, at offset: Int) -> (kind: ScalarKind, length: Int) {
    let byte = text[offset]
    if byte >= 0x80 { return wideKind(text, at: offset) }
    if Self.isLetter(byte) { return (.word, 1) }
    if byte &- 0x30 < 10 { return (.number, 1) }
    if byte == 0x20 { return (.white, 1) }
    if byte &- 0x09 < 5 { return (byte == 0x0A || byte == 0x0D ? .newline : .white, 1) }
    return (.other, 1)
  }

  private func wideKind(
    _ text: Span<UInt8>, at offset: Int
  ) -> (kind: ScalarKind, length: Int) {
    let scalar = text.wideScalar(at: offset, before: end)
    let bit = table.bit(of: scalar.value)
    if bit & word != 0 { return (.word, scalar.length) }
    if bit & ScanCategories.numbers != 0 { return (.number, scalar.length) }
    return (bit & ScanCategories.whiteSpace != 0 ? .white : .other, scalar.length)
  }

  /// The end of the run of `kind` that goes on at `offset`, after at most `limit` scalars.
  @inline(__always)
  func run(
    _ text: Span<UInt8>, of wanted: ScalarKind, from offset: Int, limit: Int = .max
  ) -> Int {
    var offset = offset
    var count = 0
    while offset < end, count < limit {
      let (kind, length) = kind(text, at: offset)
      if kind != wanted { break }
      offset += length
      count += 1
    }
    return offset
  }

  /// The end of the word that goes on at `offset`.
  @inline(__always)
  func wordEnd(_ text: Span<UInt8>, from offset: Int) -> Int {
    var offset = offset
    while true {
      while offset < end, Self.isLetter(text[offset]) { offset += 1 }
      guard offset < end, text[offset] >= 0x80 else { return offset }
      let (kind, length) = wideKind(text, at: offset)
      if kind != .word { return offset }
      offset += length
    }
  }

  /// The end of `\s*[\r\n]+|\s+(?!\S)|\s+` at `start`, where white space is; the first of the
  /// alternatives is there if `newlines`.
  func whiteEnd(_ text: Span<UInt8>, from start: Int, newlines: Bool) -> Int {
    var offset = start
    var last = start
    var newlineEnd = start
    while offset < end {
      let (kind, length) = kind(text, at: offset)
      if kind != .white && kind != .newline { break }
      last = offset
      offset += length
      if kind == .newline { newlineEnd = offset }
    }
    if newlines && newlineEnd > start { return newlineEnd }
    return offset == end || last == start ? offset : last
  }

  /// The length of `'s|'t|'re|'ve|'m|'ll|'d` at `offset`, where an apostrophe is; zero if
  /// something else follows.
  ///
  /// If `folding`, case makes no difference, and U+017F is an s, too.
  @inline(__always)
  func contraction(_ text: Span<UInt8>, at offset: Int, folding: Bool) -> Int {
    guard offset + 1 < end else { return 0 }
    let fold: UInt8 = folding ? 0x20 : 0
    let first = text[offset + 1] | (text[offset + 1] < 0x80 ? fold : 0)
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case 0xC5 where folding: return offset + 2 < end && text[offset + 2] == 0xBF ? 3 : 0
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      guard offset + 2 < end else { return 0 }
      let wanted = UInt8(ascii: first == UInt8(ascii: "l") ? "l" : "e")
      return text[offset + 2] | fold == wanted && text[offset + 2] < 0x80 ? 3 : 0
    default: return 0
    }
  }
}
