extension Tokenizer {
  /// The text of tokens.
  ///
  /// - Parameters:
  ///   - ids: the tokens.
  ///   - skipSpecialTokens: whether special tokens are left out.
  /// - Returns: the text; bytes that form no character as U+FFFD.
  /// - Throws: `unknownID`, or what matching the decoder's patterns throws.
  public func decode(
    _ ids: some Sequence<Int>, skipSpecialTokens: Bool = false
  ) throws(TokenizerError) -> String {
    var bytes: [UInt8] = []
    if decodesLocally {
      var isFirst = true
      for id in ids {
        try appendBytes(
          of: id, skipsSpecialTokens: skipSpecialTokens, isFirst: &isFirst, to: &bytes)
      }
    } else {
      var spellings: [[UInt8]] = []
      for id in ids {
        try check(id)
        let spelling = decoderSpelling(id)
        if skipSpecialTokens, isSkipped(id) { continue }
        spellings.append(spelling)
      }
      bytes = try decoder.decode(spellings)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A decoder for tokens that arrive one by one.
  public func stream(skipSpecialTokens: Bool = false) -> TokenStream {
    TokenStream(self, skipsSpecialTokens: skipSpecialTokens)
  }

  /// Whether the text of tokens is the concatenation of what each of them gives.
  var decodesLocally: Bool { decoder.isLocal }

  /// Throws unless there is a token of that id.
  func check(_ id: Int) throws(TokenizerError) {
    guard model.tokens.contains(id) || added.token(id) != nil else {
      throw .unknownID(id, vocabularySize: vocabularySize)
    }
  }

  /// Appends what a token gives by itself; with `decodesLocally`.
  func appendBytes(
    of id: Int, skipsSpecialTokens: Bool, isFirst: inout Bool, to bytes: inout [UInt8]
  ) throws(TokenizerError) {
    let addedToken = added.token(id)
    if addedToken == nil, decoder.isPlainBytes, model.tokens.contains(id) {
      bytes.append(contentsOf: model.tokens.bytes[model.tokens.range(id)])
      return
    }
    try check(id)
    if skipsSpecialTokens, isSkipped(id) { return }
    if !isFirst { bytes += decoder.separator }
    isFirst = false
    bytes += try decoder.decode([decoderSpelling(id)])
  }

  /// The spelling that the decoder starts from: of an added token, the normalized one.
  private func decoderSpelling(_ id: Int) -> [UInt8] {
    added.token(id)?.normalizedContent ?? Array(model.tokens.spelling(id).utf8)
  }

  /// Whether a token counts as special, which the library decides by its spelling.
  private func isSkipped(_ id: Int) -> Bool {
    guard let token = added.token(id) else { return false }
    return added.token(token.normalizedContent)?.isSpecial ?? false
  }
}
