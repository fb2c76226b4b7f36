/// A pattern that a text is split by.
///
/// Regular expressions are those of tokenizer.json: Oniguruma's syntax, matched on Unicode
/// scalars. The patterns of GPT-2, Llama 3 and Qwen, recognized by their exact text, are matched
/// by hand-written scanners in time linear in the text; the others by a general matcher that
/// gives up after a stated number of steps.
public struct SplitPattern: Sendable {
  private enum Matcher: Sendable {
    case gpt2, llama3, qwen2, qwen35
    case literal(Literal)
    case scalars(ScalarSet, singly: Bool)
    case wordsAndPunctuation
    case general(GeneralPattern)
  }

  private let matcher: Matcher

  /// A regular expression.
  ///
  /// - Parameter regex: the pattern in Oniguruma's syntax.
  /// - Throws: what is misspelled in the pattern or isn't supported.
  public init(regex: String) throws(PatternError) {
    matcher =
      switch regex {
      case KnownPattern.gpt2: .gpt2
      case KnownPattern.llama3: .llama3
      case KnownPattern.qwen2: .qwen2
      case KnownPattern.qwen35: .qwen35
      default: .general(try GeneralPattern(regex))
      }
  }

  /// A text that stands for itself; an empty one is found nowhere.
  public init(literal: String) {
    matcher = .literal(Literal(Array(literal.utf8)))
  }

  /// The scalars of a set, one by one or in runs as long as possible.
  public init(scalars: ScalarSet, singly: Bool) {
    matcher = .scalars(scalars, singly: singly)
  }

  /// A regular expression without the scanners for known patterns, to compare them with.
  package init(general regex: String) throws(PatternError) {
    matcher = .general(try GeneralPattern(regex))
  }

  private init(_ matcher: Matcher) { self.matcher = matcher }

  /// GPT-2's pattern, which the `ByteLevel` pre-tokenizer splits by unless told not to.
  public static let gpt2 = SplitPattern(.gpt2)
  /// `\w+|[^\w\s]+` as Rust understands it: what the `Whitespace` pre-tokenizer keeps.
  public static let wordsAndPunctuation = SplitPattern(.wordsAndPunctuation)

  /// Whether a match may be empty, between two scalars or at an end.
  public var mayMatchNothing: Bool {
    if case .general(let pattern) = matcher { return pattern.mayMatchNothing }
    return false
  }

  /// Whether matching takes time linear in the text, whatever the text.
  public var isFast: Bool {
    if case .general = matcher { return false }
    return true
  }

  /// Finds all matches in a part of a text, left to right.
  ///
  /// The part is matched as if nothing were around it. A match may be empty where a regular
  /// expression allows that, but never directly behind the match before it.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - range: the part; its bounds are at borders of scalars.
  ///   - body: is given the range of bytes of each match.
  /// - Throws: an error if a regular expression backtracks too much; never if `isFast`.
  public func forEachMatch(
    in text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(PatternError) {
    switch matcher {
    case .gpt2: scanGPT2(text, range, body)
    case .llama3: scanWords(Llama3Rules.self, text, range, body)
    case .qwen2: scanWords(Qwen2Rules.self, text, range, body)
    case .qwen35: scanWords(Qwen35Rules.self, text, range, body)
    case .literal(let literal): literal.forEachMatch(in: text, range, body)
    case .scalars(let set, let singly): scan(set, singly: singly, text, range, body)
    case .wordsAndPunctuation: scanWordsAndPunctuation(text, range, body)
    case .general(let pattern): try pattern.forEachMatch(in: text, range, body)
    }
  }

  /// Finds all matches in a text; see the method over a span.
  public func matches(in text: [UInt8]) throws(PatternError) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    try forEachMatch(in: text.span, 0..<text.count) { matches.append($0) }
    return matches
  }
}
