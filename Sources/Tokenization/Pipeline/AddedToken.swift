/// A token that is looked for in a text before anything else.
struct AddedToken: Sendable {
  /// Longer ones are refused: looking for them takes time in proportion.
  static let longest = 512

  let id: Int
  let content: String
  /// The content after the normalizer, if that sees the token; else the content.
  var normalizedContent: [UInt8]
  /// Whether it is found only where it is not part of a word.
  let isSingleWord: Bool
  /// Whether it takes the white space before it along.
  let stripsLeft: Bool
  /// Whether it takes the white space behind it along.
  let stripsRight: Bool
  /// Whether it is looked for in the normalized text.
  let isNormalized: Bool
  /// Whether decoding may leave it out.
  let isSpecial: Bool

  /// A token as the file describes it.
  init(_ part: ConfigurationPart) throws(TokenizerError) {
    content = try part.required("content").string()
    guard content.utf8.count <= Self.longest else {
      throw .addedTokenTooLong(
        token: String(content.prefix(32)), bytes: content.utf8.count, limit: Self.longest)
    }
    normalizedContent = Array(content.utf8)
    id = try part.required("id").number(upTo: TokenTable.idLimit)
    isSingleWord = try part.bool("single_word", default: false)
    stripsLeft = try part.bool("lstrip", default: false)
    stripsRight = try part.bool("rstrip", default: false)
    isSpecial = try part.bool("special", default: false)
    isNormalized = try part.bool("normalized", default: !isSpecial)
  }
}
