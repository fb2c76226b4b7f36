import TestSupport
import Testing
import UnicodeText

@Suite struct KnownPatternTests {
  static let patterns = [
    KnownPattern.gpt2, KnownPattern.llama3, KnownPattern.qwen2, KnownPattern.qwen35,
  ]

  /// Texts in which the order of alternatives matters.
  static let edges = [
    "", " ", "  ", "\n", "a", "'", "''", "'s", "'S", "'ſ", "'ſ'S's", "'re", "'Re", "'rE", "'r",
    "'r ", "'rr", "'lL", "'l", "'ll", "'lla", "x'st", "'d'm't've", " 's", "don't", "DON'T",
    "it's'll", "  word", " \tword", "\tword", "\nword", "\r\nword", "a\n", "a \n", "a\n ", "a\n b",
    "a \n \n b", "a\n\n\n   b", "a   b", "a   ", "a\t\tb", "\u{A0}\u{A0}b", "\u{3000}漢", "12345",
    "1234567", " 12", "  12", "1a2", "a1", "٣٤٥٦", "½²Ⅷ", "!!!", " !!!", "  !!!", "!!!\r\n\r\n!",
    "!a", "!!a", "!1", " !a", "\u{301}", "\u{301}a", "a\u{301}b", " \u{301}a", "!\u{301}",
    "1\u{301}2", "\u{301}\n", "a\u{301}\u{301}!", "हिन्दी में", "한국어 텍스트", "日本語、テスト。",
    "👨‍👩‍👧 ok", "\u{85}\u{2028}", "a\u{85}b", "\u{FEFF}a", "\0a", "…\n", "a_b", "_", "x  \n  y",
    "   \n", "   \n   ", " \r", "\r \n", "tab\there", "(a)[b]{c}", "e.g., 3.14!", "'ſ", "'ſa",
    "\u{212A}'",
  ]

  @Test(arguments: patterns)
  func scannersEqualTheGeneralMatcher(_ pattern: String) throws {
    let fast = try SplitPattern(regex: pattern)
    let general = try SplitPattern(general: pattern)
    #expect(fast.isFast)
    #expect(!general.isFast)
    var random = RandomText(seed: 3)
    for text in Self.edges + (0..<3_000).map({ _ in random.next() }) {
      let bytes = Array(text.utf8)
      #expect(try fast.matches(in: bytes) == general.matches(in: bytes), "\(text.debugDescription)")
    }
  }

  /// The standard library doesn't fold U+017F, and may know newer scalars.
  @Test(arguments: patterns)
  func scannersEqualTheStandardLibrary(_ pattern: String) throws {
    let fast = try SplitPattern(regex: pattern)
    let regex = try Regex(pattern).matchingSemantics(.unicodeScalar)
    var random = RandomText(seed: 4)
    for text in Self.edges + (0..<300).map({ _ in random.next() }) {
      let isCommon = text.unicodeScalars.allSatisfy {
        $0 != "ſ" && ($0.properties.age?.major ?? 0) <= 16
      }
      guard isCommon else { continue }
      let expected = text.matches(of: regex).map { scalars(String(text[$0.range])) }
      #expect(try fast.pieces(in: text).map(scalars) == expected, "\(text.debugDescription)")
    }
  }

  @Test(arguments: patterns)
  func matchesLeaveNothingOut(_ pattern: String) throws {
    let fast = try SplitPattern(regex: pattern)
    var random = RandomText(seed: 7)
    for _ in 0..<500 {
      let text = random.next()
      #expect(try fast.pieces(in: text).joined().utf8.elementsEqual(text.utf8))
    }
  }

  @Test func piecesOfLlama3() throws {
    let pattern = try SplitPattern(regex: KnownPattern.llama3)
    #expect(
      try pattern.pieces(in: "Don'T  stop\n\n 12345 (now)!\n")
        == ["Don", "'T", " ", " stop", "\n\n", " ", "123", "45", " (", "now", ")!\n"])
    #expect(try pattern.pieces(in: "a'ſtan") == ["a", "'ſ", "tan"])
  }

  @Test func piecesOfGPT2() throws {
    #expect(
      try SplitPattern.gpt2.pieces(in: "Don'T don't  12345 (now)!\n\n x")
        == ["Don", "'", "T", " don", "'t", " ", " 12345", " (", "now", ")!", "\n\n", " x"])
  }

  @Test func piecesOfQwen() throws {
    let text = "x12\u{301}क\u{93E}"
    #expect(
      try SplitPattern(regex: KnownPattern.qwen2).pieces(in: text).map(scalars)
        == ["x", "1", "2", "\u{301}क", "\u{93E}"].map(scalars))
    #expect(
      try SplitPattern(regex: KnownPattern.qwen35).pieces(in: text).map(scalars)
        == ["x", "1", "2", "\u{301}क\u{93E}"].map(scalars))
  }

  @Test func onlyTheExactTextIsKnown() throws {
    #expect(try !SplitPattern(regex: "(?:" + KnownPattern.gpt2 + ")").isFast)
    #expect(SplitPattern.gpt2.isFast)
  }

  @Test(arguments: patterns)
  func aPartIsMatchedAsIfNothingWereAroundIt(_ pattern: String) throws {
    let part = "  'll  "
    let bytes = Array(("x" + part + "'s").utf8)
    let expected = try SplitPattern(regex: pattern).matches(in: Array(part.utf8))
    for matcher in [try SplitPattern(regex: pattern), try SplitPattern(general: pattern)] {
      var found: [Range<Int>] = []
      try matcher.forEachMatch(in: bytes.span, 1..<1 + part.utf8.count) { found.append($0) }
      #expect(found == expected.map { $0.lowerBound + 1..<$0.upperBound + 1 })
    }
  }

  /// What isn't UTF-8 is a caller's mistake, but nothing to crash on.
  @Test(arguments: patterns)
  func invalidUTF8IsNoTrap(_ pattern: String) throws {
    var random = SplitMix(8)
    for matcher in [try SplitPattern(regex: pattern), try SplitPattern(general: pattern)] {
      for _ in 0..<500 {
        let bytes = (0..<random.next() % 12).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        _ = try matcher.matches(in: bytes)
      }
    }
  }
}
