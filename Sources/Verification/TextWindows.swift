/// Which of a window's tokens count for perplexity.
public enum Scoring: String, CaseIterable, Sendable {
  /// Each token that follows another one.
  case all
  /// Those behind the window's middle, which all have at least half a window before them.
  case secondHalf = "second-half"

  /// The positions, of a window of so many tokens, whose next token counts.
  public func positions(of count: Int) -> Range<Int> {
    let end = max(count - 1, 0)
    return self == .all ? 0..<end : min(count / 2, end)..<end
  }
}

/// Windows over the tokens of a text.
public enum TextWindows {
  /// Cuts a text's tokens into windows of equal length and drops what is left behind the last.
  ///
  /// - Parameters:
  ///   - ids: the text's tokens, without special ones around them.
  ///   - context: tokens of a window.
  ///   - beginning: the token at the head of each window, which counts as one of its tokens; nil
  ///     where the model has none.
  ///   - path: the text's, for errors.
  /// - Returns: the windows.
  /// - Throws: `VerificationError.textTooShort` where the text does not fill one.
  public static func cut(
    _ ids: [Int], context: Int, beginning: Int?, path: String
  ) throws(VerificationError) -> [[Int]] {
    let head = beginning.map { [$0] } ?? []
    let length = context - head.count
    guard length > 0, ids.count >= length else {
      throw .textTooShort(path: path, tokens: ids.count, needed: length)
    }
    return stride(from: 0, through: ids.count - length, by: length).map {
      head + ids[$0..<$0 + length]
    }
  }
}
