import Diagnostics

/// A token that is looked for in a text before anything else.
struct AddedToken: Sendable {
  /// Longer ones are refused: looking for them takes time in proportion.
  static let longest = Limits.addedToken

  /// The id that its place among the tokens gives it.
  var id = 0
  let content: String
  /// The content after the normalizer, if that ever saw the token; else the content.
  var normalizedContent: [UInt8]
  /// Whether the normalizer saw the token under flags that others have replaced.
  private(set) var isSpelledNormalized = false
  /// Whether it is found only where it is not part of a word.
  private(set) var isSingleWord = false
  /// Whether it takes the white space before it along.
  private(set) var stripsLeft = false
  /// Whether it takes the white space behind it along.
  private(set) var stripsRight = false
  /// Whether it is looked for in the normalized text: all are but special ones, unless stated.
  var isNormalized: Bool { statedNormalized ?? !isSpecial }
  private var statedNormalized: Bool?
  /// Whether decoding may leave it out.
  private(set) var isSpecial: Bool

  /// A token without other flags.
  init(
    _ content: String, isSpecial: Bool, isNormalized: Bool? = nil
  ) throws(TokenizerError) {
    guard content.utf8.count <= Self.longest else {
      throw .addedTokenTooLong(
        token: String(content.prefix(32)), bytes: content.utf8.count, limit: Self.longest)
    }
    self.content = content
    self.isSpecial = isSpecial
    statedNormalized = isNormalized
    normalizedContent = Array(content.utf8)
  }

  /// A token as a file describes it.
  init(_ part: ConfigurationPart, special: Bool = false) throws(TokenizerError) {
    try self.init(
      part.required("content").string(), isSpecial: part.bool("special", default: special),
      isNormalized: part.optional("normalized")?.bool())
    isSingleWord = try part.bool("single_word", default: false)
    stripsLeft = try part.bool("lstrip", default: false)
    stripsRight = try part.bool("rstrip", default: false)
  }

  /// Makes it special.
  mutating func makeSpecial() { isSpecial = true }

  /// Takes the flags of another token of this content.
  ///
  /// As in the library, one that was special, or spelled as the normalizer does, stays so.
  mutating func takeFlags(of other: AddedToken) {
    isSpelledNormalized = isSpelledNormalized || isNormalized
    isSingleWord = other.isSingleWord
    stripsLeft = other.stripsLeft
    stripsRight = other.stripsRight
    statedNormalized = other.isNormalized
    isSpecial = isSpecial || other.isSpecial
  }
}
