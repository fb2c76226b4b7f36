import Diagnostics
import Testing

@Suite struct EscapingTests {
  @Test(
    arguments: [
      ("model.layers.0.A", "model.layers.0.A"), ("héllo 世界 😀", "héllo 世界 😀"),
      ("a\nb\tc\rd", "a\\nb\\tc\\rd"), ("\u{1B}[2J\0", "\\u{1b}[2J\\u{0}"),
      ("\u{7F}\u{9B}31m", "\\u{7f}\\u{9b}31m"), ("a\u{202E}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
      ("\u{2028}", "\\u{2028}"), ("back\\slash 'quoted'", "back\\slash 'quoted'"),
    ])
  func spellsOutWhatTerminalsObey(text: String, expected: String) {
    #expect(escaped(text) == expected)
  }
}
