/// Turns tokens into text, one after the other.
public protocol TextStream {
  /// Adds a token.
  ///
  /// - Parameter id: the token.
  /// - Returns: the text that is certain now: whole characters, perhaps none.
  /// - Throws: an error for an id that is unknown.
  mutating func append(_ id: Int) throws -> String

  /// Returns what is left when no token follows.
  mutating func finish() -> String
}

/// A stream for callers that want ids alone.
public struct NoText: TextStream {
  /// Makes a stream.
  public init() {}

  /// Returns nothing.
  public mutating func append(_ id: Int) -> String { "" }

  /// Returns nothing.
  public mutating func finish() -> String { "" }
}
