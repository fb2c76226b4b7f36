import TestSupport
import Testing
import UnicodeText

@Suite struct UTF8ValidationTests {
  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF],
      [0xE1, 0x80], [0xE1, 0x80, 0x41], [0xE1, 0x41, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF1, 0x80, 0x80, 0x41],
      [0xF1, 0x80, 0x41, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
    ] as [[UInt8]])
  func malformed(_ bytes: [UInt8]) {
    for start in [0, 1, 7, 8, 9, 31] {
      let before = [UInt8](repeating: 0x61, count: start)
      #expect(firstInvalidUTF8(before + bytes) == start)
      #expect(firstInvalidUTF8(before + bytes + [0x61, 0x61]) == start)
    }
  }

  @Test(arguments: [
    "", "a", "\u{7F}\u{80}", "\u{7FF}\u{800}", "\u{D7FF}\u{E000}", "\u{FFFF}\u{10000}",
    "\u{10FFFF}", "plain text of more than eight bytes, then ü",
  ])
  func wellFormed(_ text: String) {
    #expect(firstInvalidUTF8(Array(text.utf8)) == nil)
  }

  @Test func agreesWithTheStandardLibrary() {
    var random = SplitMix(1)
    var texts = RandomText(seed: 2)
    for _ in 0..<2_000 {
      var bytes = Array(texts.next().utf8)
      if !bytes.isEmpty, random.next() % 2 == 0 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let offset = firstInvalidUTF8(bytes)
      #expect((String(validating: bytes, as: UTF8.self) == nil) == (offset != nil))
      if let offset {
        #expect(String(validating: bytes[..<offset], as: UTF8.self) != nil)
      }
    }
  }
}
