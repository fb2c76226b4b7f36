/// Decodes tokens one by one into text that consists of whole characters.
public struct TokenStream: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Bytes that begin a character.
  private var pending: [UInt8] = []
  private var isAtStart = true

  init(_ tokenizer: Tokenizer, skipsSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skipsSpecialTokens = skipsSpecialTokens
  }

  /// Takes the next token.
  ///
  /// - Parameter id: the token.
  /// - Returns: the text that is complete with it; often empty in the middle of a character.
  public mutating func append(_ id: Int) -> String {
    tokenizer.appendBytes(
      of: id, skipsSpecialTokens: skipsSpecialTokens, isFirst: &isAtStart, to: &pending)
    let complete = pending.count - pending.incompleteSuffix
    let text = String(decoding: pending[..<complete], as: UTF8.self)
    pending.removeFirst(complete)
    return text
  }

  /// Ends the text, and makes the stream ready for another one.
  ///
  /// - Returns: what is left of the text; bytes that form no character as U+FFFD.
  public mutating func finish() -> String {
    defer { self = TokenStream(tokenizer, skipsSpecialTokens: skipsSpecialTokens) }
    return String(decoding: pending, as: UTF8.self)
  }
}

extension [UInt8] {
  /// The number of bytes at the end that begin a character which later bytes may complete.
  fileprivate var incompleteSuffix: Int {
    for length in 1...3 where length <= count {
      let lead = self[count - length]
      if lead & 0xC0 == 0x80 { continue }
      let second = length > 1 ? self[count - length + 1] : nil
      return needs(lead, second) > length ? length : 0
    }
    return 0
  }

  /// The length of a character that begins so; zero if none does.
  private func needs(_ lead: UInt8, _ second: UInt8?) -> Int {
    switch (lead, second) {
    case (0xC2...0xDF, _): 2
    case (0xE0, .some(..<0xA0)), (0xED, .some(0xA0...)): 0
    case (0xE0...0xEF, _): 3
    case (0xF0, .some(..<0x90)), (0xF4, .some(0x90...)): 0
    case (0xF0...0xF4, _): 4
    default: 0
    }
  }
}
