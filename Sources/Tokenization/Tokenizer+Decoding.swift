extension Tokenizer {
  /// The text of tokens; an id without token, as models with padded vocabularies make them, has
  /// none.
  ///
  /// - Parameters:
  ///   - ids: the tokens.
  ///   - skipSpecialTokens: whether special tokens are left out.
  /// - Returns: the text; bytes that form no character as U+FFFD.
  public func decode(_ ids: some Sequence<Int>, skipSpecialTokens: Bool = false) -> String {
    var bytes: [UInt8] = []
    var isFirst = true
    for id in ids {
      appendBytes(of: id, skipsSpecialTokens: skipSpecialTokens, isFirst: &isFirst, to: &bytes)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A decoder for tokens that arrive one by one.
  public func stream(skipSpecialTokens: Bool = false) -> TokenStream {
    TokenStream(self, skipsSpecialTokens: skipSpecialTokens)
  }

  /// Appends the bytes of a token, and what stands before it unless it is the first.
  func appendBytes(
    of id: Int, skipsSpecialTokens: Bool, isFirst: inout Bool, to bytes: inout [UInt8]
  ) {
    let addedToken = added.token(id)
    if addedToken == nil, decoder.isByteLevel, model.tokens.contains(id) {
      // Almost every token; with a decoder nothing stands between them.
      bytes.append(contentsOf: model.tokens.bytes[model.tokens.range(id)])
      return
    }
    guard addedToken != nil || model.tokens.contains(id) else { return }
    if skipsSpecialTokens, isSkipped(id) { return }
    if !isFirst { bytes += decoder.separator }
    isFirst = false
    if let addedToken {
      decoder.append(addedToken.normalizedContent, to: &bytes)
    } else {
      bytes += model.tokens.spelling(id).utf8
    }
  }

  /// Whether a token counts as special, which the library decides by its spelling.
  private func isSkipped(_ id: Int) -> Bool {
    guard let token = added.token(id) else { return false }
    return added.token(token.normalizedContent)?.isSpecial ?? false
  }
}
