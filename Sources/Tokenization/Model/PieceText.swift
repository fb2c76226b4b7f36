import UnicodeText

/// A text and the pieces that it was split into so far.
struct PieceText {
  /// The text; valid UTF-8.
  private(set) var bytes: [UInt8]
  /// The pieces, ascending, none of them empty.
  private(set) var pieces: [Range<Int>]
  /// For each byte the place in the given text that it comes from; nil if that is `base` on.
  private var origins: [Range<Int32>]?
  /// Where the text begins in the given text.
  private let base: Int

  /// A part of a given text, as one piece.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    pieces = range.isEmpty ? [] : [range]
    base = 0
  }

  /// A part of a normalized text that begins at an offset of the given one.
  init(_ text: AlignedText, _ range: Range<Int>, base: Int) {
    bytes = text.bytes
    origins = text.origins
    pieces = range.isEmpty ? [] : [range]
    self.base = base
  }

  /// The bytes of the given text that a part of this one comes from.
  @inline(__always)
  func origin(_ range: Range<Int>) -> Range<Int> {
    guard let origins else { return range.lowerBound + base..<range.upperBound + base }
    guard !range.isEmpty else { return base..<base }
    let start = Int(origins[range.lowerBound].lowerBound)
    let end = max(start, Int(origins[range.upperBound - 1].upperBound))
    return start + base..<end + base
  }

  /// Splits each piece by the matches of a pattern in it.
  mutating func split(
    by pattern: PatternReference, _ behavior: SplitBehavior, invert: Bool
  ) throws(TokenizerError) {
    var collector = PieceCollector(behavior, invert: invert)
    for piece in pieces {
      collector.begin(piece)
      try pattern.errors { pattern throws(PatternError) in
        try pattern.forEachMatch(in: bytes.span, piece) { collector.add(match: $0) }
      }
      collector.finish(piece)
    }
    pieces = collector.pieces
  }

  /// Puts a space in front of every piece that does not begin with one.
  ///
  /// It counts as coming from where the piece's first character does.
  mutating func insertSpaces() {
    guard pieces.contains(where: { bytes[$0.lowerBound] != UInt8(ascii: " ") }) else { return }
    var newBytes: [UInt8] = []
    var newOrigins: [Range<Int32>] = []
    var newPieces: [Range<Int>] = []
    for piece in pieces {
      let start = newBytes.count
      if bytes[piece.lowerBound] != UInt8(ascii: " ") {
        newBytes.append(UInt8(ascii: " "))
        newOrigins.append(place(piece.lowerBound))
      }
      newBytes.append(contentsOf: bytes[piece])
      newOrigins.append(contentsOf: piece.map(place))
      newPieces.append(start..<newBytes.count)
    }
    bytes = newBytes
    origins = newOrigins
    pieces = newPieces
  }

  private func place(_ offset: Int) -> Range<Int32> {
    if let origins { return origins[offset] }
    return Int32(clamping: offset)..<Int32(clamping: offset + 1)
  }

  /// Splits on with every byte written as its character of the byte alphabet.
  mutating func splitCharacters(
    _ body: (inout PieceText) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    var characters: [UInt8] = []
    var offsets: [Int] = []
    var characterPieces: [Range<Int>] = []
    for piece in pieces {
      let start = characters.count
      for offset in piece {
        ByteAlphabet.append(bytes[offset], to: &characters)
        while offsets.count < characters.count { offsets.append(offset) }
      }
      characterPieces.append(start..<characters.count)
    }
    var text = PieceText(characters, 0..<characters.count)
    text.pieces = characterPieces
    try body(&text)
    pieces = text.pieces.map { offsets[$0.lowerBound]..<offsets[$0.upperBound - 1] + 1 }
  }
}
