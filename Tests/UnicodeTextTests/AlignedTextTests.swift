import Testing
import UnicodeText

@Suite struct AlignedTextTests {
  @Test(arguments: [
    (" \t a \n", true, true, "a"), (" a ", true, false, "a "), (" a ", false, true, " a"),
    ("\u{3000}é\u{85}\u{2028}", true, true, "é"), ("   ", true, true, ""), ("", true, true, ""),
    ("\u{200B}a\u{FEFF}", true, true, "\u{200B}a\u{FEFF}"), (" a ", false, false, " a "),
  ])
  func stripping(_ text: String, _ left: Bool, _ right: Bool, _ expected: String) {
    #expect(AlignedText(text).stripped(left: left, right: right).text == expected)
  }

  @Test func strippedTextKnowsItsOrigin() {
    let text = AlignedText("  é ").stripped(left: true, right: true)
    #expect(text.origins == [2..<4, 2..<4])
    #expect(text.origin(of: 0..<2) == 2..<4)
    #expect(AlignedText("a").stripped(left: true, right: true).origins == nil)
  }

  @Test func replacements() throws {
    let text = try AlignedText("a b  c").replacing(SplitPattern(literal: " "), with: "▁")
    #expect(text.text == "a▁b▁▁c")
    #expect(text.origin(of: 1..<4) == 1..<2)
    #expect(text.origin(of: 4..<5) == 2..<3)
    #expect(text.origin(of: 0..<text.bytes.count) == 0..<6)
    let runs = try AlignedText("a b  c").replacing(SplitPattern(regex: " +"), with: "")
    #expect(runs.text == "abc")
    #expect(runs.origins == [0..<1, 2..<3, 5..<6])
    #expect(try AlignedText("abc").replacing(SplitPattern(literal: "x"), with: "").origins == nil)
  }

  @Test func aPrefixComesFromTheFirstScalar() {
    let text = AlignedText("éa").prepending("▁")
    #expect(text.text == "▁éa")
    #expect(text.origin(of: 0..<3) == 0..<2)
    #expect(text.origin(of: 3..<5) == 0..<2)
    #expect(AlignedText("").prepending("x").text.isEmpty)
  }

  @Test func lowerCase() {
    let text = AlignedText("aÀİΣ中")
    #expect(scalars(text.lowercased().text) == scalars("aài\u{307}σ中"))
    #expect(text.lowercased().origin(of: 3..<6) == 3..<5)
    #expect(AlignedText("abc é").lowercased().origins == nil)
  }

  @Test func partsKeepTheirOrigin() throws {
    let text = try AlignedText("x--y").replacing(SplitPattern(literal: "--"), with: "é")
    #expect(text.part(1..<4).origins == [1..<3, 1..<3, 3..<4])
    #expect(text.origin(of: 4..<4) == 4..<4)
    #expect(text.origin(of: 1..<1) == 1..<1)
  }
}
