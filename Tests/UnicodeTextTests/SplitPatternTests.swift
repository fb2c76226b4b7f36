import Testing
import UnicodeText

@Suite struct SplitPatternTests {
  @Test(arguments: [
    ("aa", "aaaaa", [0..<2, 2..<4]), ("ab", "xabyab", [1..<3, 4..<6]), ("", "abc", []),
    ("abc", "ab", []), ("aab", "aaab", [1..<4]), ("é", "éxé", [0..<2, 3..<5]),
    ("ababc", "abababcababc", [2..<7, 7..<12]),
  ])
  func literals(_ literal: String, _ text: String, _ expected: [Range<Int>]) throws {
    #expect(try SplitPattern(literal: literal).matches(in: Array(text.utf8)) == expected)
  }

  @Test func literalsEqualTheGeneralMatcher() throws {
    var random = RandomText(seed: 9)
    for literal in ["ab", "aab", "abab", "  ", "'s", "é"] {
      let fast = SplitPattern(literal: literal)
      let general = try SplitPattern(regex: literal)
      for _ in 0..<50 {
        let text = Array((random.next() + literal + random.next() + literal + literal).utf8)
        #expect(try fast.matches(in: text) == general.matches(in: text))
      }
    }
  }

  @Test func literalsTakeLinearTime() throws {
    let literal = String(repeating: "a", count: 30_000) + "b"
    let text = [UInt8](repeating: 0x61, count: 200_000)
    #expect(try SplitPattern(literal: literal).matches(in: text) == [])
  }

  @Test func scalarsSinglyAndInRuns() throws {
    let text = "a12½ ٣b"
    #expect(
      try SplitPattern(scalars: .numbers, singly: true).pieces(in: text) == ["1", "2", "½", "٣"])
    #expect(try SplitPattern(scalars: .numbers, singly: false).pieces(in: text) == ["12½", "٣"])
  }

  @Test func wordsAndPunctuation() throws {
    #expect(
      try SplitPattern.wordsAndPunctuation.pieces(in: "Hi, you_2 !?x ½\u{3000}é\u{200D}")
        == ["Hi", ",", "you_2", "!?", "x", "½", "é\u{200D}"])
  }

  @Test func emptyMatchesAreReported() throws {
    let bytes = Array("1234567".utf8)
    let pattern = try SplitPattern(regex: #"(?=(\d{3})+(?!\d))"#)
    #expect(try pattern.matches(in: bytes) == [1..<1, 4..<4])
  }
}
