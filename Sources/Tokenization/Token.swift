/// A token of an encoded text.
public struct Token: Equatable, Sendable {
  /// The token's id in the vocabulary.
  public let id: Int
  /// The bytes of the given text that the token stands for; empty for tokens that a template
  /// adds.
  ///
  /// Where a normalizer changed the text, it is the range that the changed part comes from.
  public let range: Range<Int>

  /// A token and its place.
  public init(id: Int, range: Range<Int>) {
    self.id = id
    self.range = range
  }
}
