import Diagnostics
import Testing
import UnicodeText

@Suite struct PatternErrorTests {
  @Test(arguments: [
    ("(", "a parenthesis without its counterpart", 0),
    ("a)", "a parenthesis without its counterpart", 1),
    ("(?:a", "a parenthesis without its counterpart", 0),
    ("(?i", "a parenthesis without its counterpart", 0),
    ("*a", "a repetition of nothing", 0),
    ("^*", "a repetition of nothing", 1),
    ("a{3,2}", "an interval upside down", 1),
    ("a{200000}", "a number too large", 1),
    ("[a", "a bracket without its counterpart", 0),
    ("[b-a]", "a range upside down", 1),
    ("a\\", "a backslash at the end", 1),
    (#"\p{L"#, "a property without its end", 0),
    (#"\x{41"#, "a number without its end", 0),
    (#"\x{D800}"#, "a number that is no character's", 0),
    (#"\u12"#, "a number that is no character's", 0),
  ])
  func misspelled(_ pattern: String, _ reason: String, _ offset: Int) {
    #expect(throws: PatternError.invalid(pattern: pattern, reason: reason, offset: offset)) {
      try SplitPattern(regex: pattern)
    }
  }

  @Test(arguments: [
    (#"\1"#, #"\1"#, 0), (#"\K"#, #"\K"#, 0), (#"a\G"#, #"\G"#, 1), (#"\X"#, #"\X"#, 0),
    (#"\p{Foo}"#, #"the property \p{Foo}"#, 0), (#"\pL"#, #"\p without braces"#, 0),
    ("[[:alpha:]]", "a set of a name in brackets", 1), ("[]a]", "a set that begins with ]", 0),
    (#"\h"#, #"\h"#, 0), (#"\p{^L}"#, #"the property \p{^L}"#, 0),
    (#"\p{Letter}"#, #"the property \p{Letter}"#, 0), (#"\p{Thai}"#, #"the property \p{Thai}"#, 0),
    ("(?~a)", "the group (?~", 0), ("(?x:a)", "the group (?x", 0), ("(?m:.)", "the group (?m", 0),
    ("(?#a)", "the group (?#", 0), ("(?P<n>a)", "the group (?P", 0),
    ("(?<n>a)", "a group with a name", 0), ("ab*?", "a repetition as short as possible", 3),
    ("a{2,3}?", "a repetition as short as possible", 6),
    ("a(b*)+", "a repetition of what may be empty", 5),
    ("(?<=a+)b", "a look-behind of more than 255 characters", 0),
    ("(?i:é)", "characters beyond ASCII without regard to case", 4),
    (#"(?i:\p{Lu})"#, #"\p{Lu} without regard to case"#, 4),
    ("(?i:ss)", "a pair of letters that a ligature equals without regard to case", 5),
    ("(?i:(?:s)T)", "a pair of letters that a ligature equals without regard to case", 9),
    (#"\xE9"#, "a single byte beyond ASCII", 0),
  ])
  func refused(_ pattern: String, _ construct: String, _ offset: Int) {
    #expect(
      throws: PatternError.unsupported(pattern: pattern, construct: construct, offset: offset)
    ) {
      try SplitPattern(regex: pattern)
    }
  }

  @Test(arguments: [
    (String(repeating: "a", count: 10_001), 10_000),
    (String(repeating: "(", count: 101), 100),
    (String(repeating: "[", count: 102), 100),
    (String(repeating: "(?i)", count: 101), 100),
    ("a" + String(repeating: "{1,2}", count: 20), 8),
    ("(?:ab){100000}", 20_000),
    ("(?:(?:(?:){1000}){1000}){1000}", 20_000),
    ("[" + String(repeating: "[^a]", count: 100) + "]", 64),
  ])
  func tooLarge(_ pattern: String, _ limit: Int) {
    #expect(throws: PatternError.tooLarge(limit: limit)) { try SplitPattern(regex: pattern) }
  }

  @Test(arguments: ["(a|a)*b", "(?:a?){20}a{20}b", "(?=(a|aa)+b)", "(?:(?:a+)+)+b"])
  func endlessBacktrackingIsGivenUp(_ source: String) throws {
    let pattern = try SplitPattern(regex: source)
    let text = [UInt8](repeating: 0x61, count: 60)
    let limit = GeneralPattern.stepLimit(60)
    #expect(throws: PatternError.tooManySteps(pattern: source, limit: limit)) {
      try pattern.matches(in: text)
    }
  }

  @Test func openAlternativesAreLimited() throws {
    let pattern = try SplitPattern(regex: "(?:ab|c)*")
    let short = Array(String(repeating: "ab", count: 1_000).utf8)
    #expect(try pattern.matches(in: short).first == 0..<2_000)
    let long = Array(String(repeating: "ab", count: 600_000).utf8)
    #expect(
      throws: PatternError.tooManyAlternatives(pattern: "(?:ab|c)*", limit: 1 << 20)
    ) {
      try pattern.matches(in: long)
    }
  }

  @Test func diagnosticsNameThePattern() {
    let errors: [(PatternError, Diagnostic.Kind, String)] = [
      (.invalid(pattern: "(", reason: "r", offset: 0), .badData, "pattern.invalid"),
      (.unsupported(pattern: "(", construct: "c", offset: 0), .unsupported, "pattern.unsupported"),
      (.tooLarge(limit: 7), .badData, "pattern.too-large"),
      (.tooManySteps(pattern: "(", limit: 7), .badData, "pattern.too-many-steps"),
      (.tooManyAlternatives(pattern: "(", limit: 7), .badData, "pattern.too-many-alternatives"),
    ]
    for (error, kind, code) in errors {
      #expect(error.diagnostic.kind == kind)
      #expect(error.diagnostic.code == code)
    }
    let text = PatternError.invalid(pattern: "\u{1B}[", reason: "r", offset: 1).diagnostic.message
    #expect(text == "the pattern '\\u{1b}[' is not a regular expression: r at character 2")
    let long = PatternError.tooManySteps(
      pattern: String(repeating: "x", count: 1_000), limit: 1)
    #expect(long.diagnostic.message.count < 300)
  }
}
