import Diagnostics
import UnicodeText

extension Tokenizer {
  /// The longest text that is accepted, in bytes.
  public static let longestText = Limits.encodedText

  /// Encodes a text.
  ///
  /// - Parameters:
  ///   - utf8: the text.
  ///   - addSpecialTokens: whether the template's special tokens are put around it; special
  ///     tokens that are spelled in the text are recognized in any case.
  ///   - plain: bytes in which special tokens are text like any other, as in all of it with
  ///     transformers' `split_special_tokens`.
  /// - Returns: the tokens.
  /// - Throws: `invalidUTF8` with the offset, `textTooLong`, or what matching the patterns throws.
  public func encode(
    _ utf8: [UInt8], addSpecialTokens: Bool = true, plain: [Range<Int>] = []
  ) throws(TokenizerError) -> [Token] {
    func isPlain(_ place: Range<Int>) -> Bool { plain.contains { $0.overlaps(place) } }
    guard utf8.count <= Self.longestText else {
      throw .textTooLong(bytes: utf8.count, limit: Self.longestText)
    }
    if let offset = firstInvalidUTF8(utf8) { throw .invalidUTF8(offset: offset) }
    var tokens: [Token] = []
    tokens.reserveCapacity(utf8.count / 3 + 4)
    if addSpecialTokens { tokens += postProcessor.prefix.map { Token(id: $0, range: 0..<0) } }
    // All parts together may grow no more than a whole text.
    var growth = Normalizer.growthLimit(utf8.count)
    try withScratch { scratch throws(TokenizerError) in
      try added.splitGiven(utf8, 0..<utf8.count, isPlain) { range, id throws(TokenizerError) in
        if let id {
          tokens.append(Token(id: id, range: range))
        } else {
          try encodePart(utf8, range, isPlain, &growth, &scratch, into: &tokens)
        }
      }
    }
    if addSpecialTokens {
      tokens += postProcessor.suffix.map { Token(id: $0, range: utf8.count..<utf8.count) }
    }
    return tokens
  }

  /// Encodes a text; see the method over bytes.
  public func encode(
    _ text: String, addSpecialTokens: Bool = true
  ) throws(TokenizerError) -> [Token] {
    try encode(Array(text.utf8), addSpecialTokens: addSpecialTokens)
  }

  /// Encodes a part of a text between added tokens.
  private func encodePart(
    _ utf8: [UInt8], _ range: Range<Int>, _ isPlain: (Range<Int>) -> Bool, _ growth: inout Int,
    _ scratch: inout EncodingScratch, into tokens: inout [Token]
  ) throws(TokenizerError) {
    if normalizer.isEmpty {
      try added.splitNormalized(utf8, range, isPlain) { range, id throws(TokenizerError) in
        try encode(PieceText(utf8, range), range, id, &scratch, into: &tokens)
      }
    } else {
      let text = try normalizer.apply(to: AlignedText(Array(utf8[range])), limit: growth)
      growth -= text.bytes.count
      func isOfPlain(_ place: Range<Int>) -> Bool {
        let origin = text.origin(of: place)
        return isPlain(origin.lowerBound + range.lowerBound..<origin.upperBound + range.lowerBound)
      }
      try added.splitNormalized(
        text.bytes, 0..<text.bytes.count, isOfPlain
      ) { part, id throws(TokenizerError) in
        try encode(
          PieceText(text, part, base: range.lowerBound), part, id, &scratch, into: &tokens)
      }
    }
  }

  /// Encodes a normalized part of a text, which is an added token if there is an id.
  private func encode(
    _ text: consuming PieceText, _ range: Range<Int>, _ id: Int?,
    _ scratch: inout EncodingScratch, into tokens: inout [Token]
  ) throws(TokenizerError) {
    if let id {
      tokens.append(Token(id: id, range: text.origin(range)))
    } else {
      var text = text
      try preTokenizer.apply(to: &text)
      encodeWords(of: text, &scratch, into: &tokens)
    }
  }

  private func encodeWords(
    of text: PieceText, _ scratch: inout EncodingScratch, into tokens: inout [Token]
  ) {
    let bytes = text.bytes.span
    for word in text.pieces {
      let isShort = word.count <= WordCache.longestWord
      let hash = isShort ? scratch.cache.hash(bytes, word) : 0
      if isShort, let known = scratch.cache.find(bytes, word, hash: hash) {
        append(scratch.cache.ids[known], of: word, in: text, to: &tokens)
        continue
      }
      model.encode(bytes, word, with: &scratch.merger)
      append(scratch.merger.symbols[...], of: word, in: text, to: &tokens)
      if isShort { scratch.cache.insert(bytes, word, hash: hash, ids: scratch.merger.symbols) }
    }
  }

  @inline(__always)
  private func append(
    _ ids: ArraySlice<UInt32>, of word: Range<Int>, in text: PieceText, to tokens: inout [Token]
  ) {
    var start = word.lowerBound
    for id in ids {
      let end = model.end(of: Int(id), from: &start, in: text.bytes)
      tokens.append(Token(id: Int(id), range: text.origin(start..<end)))
      start = end
    }
  }
}
