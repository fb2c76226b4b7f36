import Diagnostics
import UnicodeText

/// A pattern and where it stands in the file, for errors while matching.
struct PatternReference: Sendable {
  let pattern: SplitPattern
  let path: String

  init(_ pattern: SplitPattern, path: String) {
    self.pattern = pattern
    self.path = path
  }

  /// Reads `{"String": …}` or `{"Regex": …}`.
  init(_ part: ConfigurationPart) throws(TokenizerError) {
    path = part.path
    if let literal = try part.optional("String") {
      pattern = SplitPattern(literal: try literal.string())
    } else if let regex = try part.optional("Regex") {
      let source = try regex.string()
      do { pattern = try SplitPattern(regex: source) } catch {
        throw .invalidPattern(path: part.path, error)
      }
    } else {
      throw .wrongField(
        path: part.path, expected: "an object with 'String' or 'Regex'", found: "neither")
    }
  }

  /// Checks that a text stays short enough with `content` in place of all matches.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - content: what replaces matches.
  ///   - limit: the number of bytes that the text may grow to.
  /// - Throws: `growsTooMuch`, or what matching the pattern throws.
  func checkGrowth(
    of text: [UInt8], replacingWith content: String, limit: Int
  ) throws(TokenizerError) {
    let added = content.utf8.count
    if added == 0 { return }
    var bytes = text.count
    try errors { pattern throws(PatternError) in
      try pattern.forEachMatch(in: text.span, 0..<text.count) { match in
        // A sum of a file's length at most for each byte of a text: far from overflow.
        bytes += added - match.count
      }
    }
    if bytes > limit { throw .growsTooMuch(path: path, bytes: bytes, limit: limit) }
  }

  /// Runs something that matches the pattern, and names the pattern if that fails.
  func errors<Result>(
    _ body: (SplitPattern) throws(PatternError) -> Result
  ) throws(TokenizerError) -> Result {
    do { return try body(pattern) } catch { throw .invalidPattern(path: path, error) }
  }
}
