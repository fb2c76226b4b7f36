import Diagnostics
import Testing
import ToolSupport

@Suite struct TextTableTests {
  @Test func columnsAlign() {
    var table = TextTable([.text("tensor"), .number("bytes"), .text("note")])
    table.append(["embed", "13,118,728", "tied"])
    table.append(["layers.0.self_attn", "7"])
    table.append(["größe", "", "wide"])
    #expect(
      table.text == """
        tensor                   bytes  note
        ------------------  ----------  ----
        embed               13,118,728  tied
        layers.0.self_attn           7
        größe                           wide

        """)
  }

  @Test func wideCharactersTakeTwoColumns() {
    var table = TextTable([.text("a"), .number("b")])
    table.append(["日本", "1"])
    table.append(["abc", "2"])
    #expect(
      table.text == """
        a     b
        ----  -
        日本  1
        abc   2

        """)
  }

  @Test func cellsCannotReachTheTerminal() {
    var table = TextTable([.text("name")])
    table.append(["a\u{1B}[31mb\nc"])
    #expect(table.text == "name\n" + dashes(escaped("a\u{1B}[31mb\nc")) + "\n")
    func dashes(_ cell: String) -> String {
      String(repeating: "-", count: cell.count) + "\n" + cell
    }
  }

  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("ｆ", 2), ("😀", 2),
    ("👨‍👩‍👧", 2), ("❤️", 2), ("\u{200B}", 0), ("\u{7}", 0), ("→…µ", 3), ("✅⭐⚡", 6),
    ("🇩🇪", 2), ("🇩", 1),
  ])
  func widths(_ text: String, _ width: Int) {
    #expect(displayWidth(text) == width)
  }

  @Test func prefixesKeepWholeCharacters() {
    #expect(prefix(of: "日本", width: 3) == "日")
    #expect(prefix(of: "abc", width: 3) == "abc")
    #expect(prefix(of: "abc", width: 0) == "")
  }

  private var wide: TextTable {
    var table = TextTable([.text("tensor"), .number("bytes"), .number("KLD")])
    table.append(["model.layers.10.self_attn.q_proj.weight", "1,048,576", "0.0012"])
    table.append(["short", "2", ""])
    return table
  }

  @Test func aTableThatFitsIsLeftAlone() { #expect(wide.text(width: 58) == wide.text) }

  @Test func theWidestWordsLoseTheirMiddle() {
    #expect(
      wide.text(width: 40) == """
        tensor                     bytes     KLD
        ---------------------  ---------  ------
        model.laye…roj.weight  1,048,576  0.0012
        short                          2

        """)
  }

  @Test func aRowBecomesLinesWhereNothingElseHelps() {
    #expect(
      wide.text(width: 30) == """
        model.layers.1…n.q_proj.weight
          bytes: 1,048,576
          KLD: 0.0012
        short
          bytes: 2

        """)
  }

  @Test func elision() {
    #expect(elided("abcdef", to: 6) == "abcdef" && elided("abcdef", to: 5) == "ab…ef")
    #expect(elided("abcdef", to: 4) == "a…ef" && elided("abcdef", to: 1) == "…")
    #expect(elided("abcdef", to: 0) == "" && elided("日本語です", to: 5) == "日…す")
  }
}
