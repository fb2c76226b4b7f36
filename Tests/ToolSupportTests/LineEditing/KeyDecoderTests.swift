import Testing
import ToolSupport

@Suite struct KeyDecoderTests {
  private func keys(_ text: String) -> [LineKey] {
    var decoder = KeyDecoder()
    return decoder.decode(Array(text.utf8)) + decoder.endDoubt()
  }

  @Test func text() {
    #expect(keys("a漢 👩‍👩‍👧é") == [.text("a漢 👩‍👩‍👧é")])
    #expect(keys("ab\rc\n") == [.text("ab"), .enter, .text("c"), .enter])
  }

  @Test func controlKeys() {
    #expect(
      keys(
        "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{8}\u{9}\u{B}\u{C}\u{E}\u{10}\u{14}\u{15}\u{17}\u{19}\u{1A}\u{7F}"
      )
        == [
          .home, .left, .interrupt, .deleteOrEnd, .end, .right, .deleteBackward, .complete,
          .killForward, .clearScreen, .next, .previous, .transpose, .killBackward,
          .killBackwardToBlank, .yank, .suspend, .deleteBackward,
        ])
    // Those that mean nothing.
    #expect(keys("\u{0}\u{7}\u{11}\u{1C}\u{1F}") == [])
  }

  @Test(arguments: [
    ("\u{1B}[A", LineKey.previous), ("\u{1B}OA", .previous), ("\u{1B}[B", .next),
    ("\u{1B}OB", .next), ("\u{1B}[C", .right), ("\u{1B}OC", .right), ("\u{1B}[D", .left),
    ("\u{1B}OD", .left), ("\u{1B}[1;2D", .left), ("\u{1B}[1;5D", .wordLeft),
    ("\u{1B}[1;3C", .wordRight), ("\u{1B}[5C", .wordRight), ("\u{1B}O5D", .wordLeft),
    ("\u{1B}Oc", .wordRight), ("\u{1B}Od", .wordLeft), ("\u{1B}[H", .home), ("\u{1B}OH", .home),
    ("\u{1B}[1~", .home), ("\u{1B}[7~", .home), ("\u{1B}[1;5H", .home), ("\u{1B}[F", .end),
    ("\u{1B}OF", .end), ("\u{1B}[4~", .end), ("\u{1B}[8~", .end), ("\u{1B}[3~", .deleteForward),
    ("\u{1B}[3;5~", .killWordForward), ("\u{1B}b", .wordLeft), ("\u{1B}F", .wordRight),
    ("\u{1B}d", .killWordForward), ("\u{1B}\u{7F}", .killWordBackward), ("\u{1B}\r", .text("\n")),
    ("\u{1B}OM", .enter), ("\u{1B}\u{1B}[D", .left),
  ])
  func sequences(_ bytes: String, _ key: LineKey) {
    #expect(keys(bytes) == [key])
    #expect(keys(bytes + "x") == [key, .text("x")])
    // However the bytes are cut.
    var decoder = KeyDecoder()
    #expect(bytes.utf8.flatMap { decoder.decode([$0]) } == [key])
    #expect(!decoder.isInDoubt)
  }

  @Test func sequencesThatMeanNothing() {
    for text in [
      "\u{1B}[2~", "\u{1B}[[A", "\u{1B}OP", "\u{1B}[15;5~", "\u{1B}[?1;2c", "\u{1B}x", "\u{1B}-",
      "\u{1B}(", "\u{1B}[I", "\u{1B}[99999999999999999999;-9223372036854775808R",
    ] {
      #expect(keys(text + "x") == [.text("x")], "\(text.debugDescription)")
    }
    // One that is broken off.
    #expect(keys("\u{1B}[1;\u{1B}[D") == [.left])
    #expect(keys("\u{1B}é") == [.text("é")])
  }

  @Test func anEscapeAloneIsNothing() {
    var decoder = KeyDecoder()
    #expect(decoder.decode([0x1B]) == [] && decoder.isInDoubt)
    #expect(decoder.endDoubt() == [] && !decoder.isInDoubt)
    #expect(decoder.decode(Array("[D".utf8)) == [.text("[D")])
  }

  @Test func charactersAndInvalidBytes() {
    var decoder = KeyDecoder()
    #expect(decoder.decode([0xE6, 0xBC]) == [] && decoder.isInDoubt)
    #expect(decoder.decode([0xA2]) == [.text("漢")])
    #expect(decoder.decode([0x61, 0xF0]) == [.text("a")])
    #expect(decoder.endDoubt() == [.text("\u{FFFD}")])
    #expect(decoder.decode([0x61, 0xFF, 0x62]) == [.text("a\u{FFFD}b")])
    #expect(decoder.decode([0xC3, 0x0D]) == [.text("\u{FFFD}"), .enter])
    #expect(decoder.decode([0x80, 0xBF]) == [.text("\u{FFFD}\u{FFFD}")])
  }

  /// A paste that never ends is left by Ctrl-C, pressed twice: once may be part of it.
  @Test func aLostEnd() {
    var decoder = KeyDecoder()
    #expect(decoder.decode(Array("\u{1B}[200~abc".utf8)) == [])
    #expect(decoder.decode([3]) == [] && decoder.decode([0x78]) == [] && decoder.decode([3]) == [])
    #expect(decoder.decode([3]) == [.interrupt])
    #expect(decoder.decode(Array("x\r".utf8)) == [.text("x"), .enter])
  }

  @Test func pastes() {
    let paste = "\u{1B}[200~a\r\nb\rc\nd\u{1B}[31m\u{3}\r\u{1B}[201~"
    #expect(keys(paste + "x\r") == [.text("a\nb\nc\nd\u{1B}[31m\u{3}\n"), .text("x"), .enter])
    for size in 1...12 {
      var decoder = KeyDecoder()
      var found: [LineKey] = []
      let bytes = Array((paste + "\r").utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += decoder.decode(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(found == [.text("a\nb\nc\nd\u{1B}[31m\u{3}\n"), .enter], "\(size)")
    }
    // While a paste is not over, silence does not end it.
    var decoder = KeyDecoder()
    #expect(decoder.decode(Array("\u{1B}[200~ab\u{1B}".utf8)) == [] && !decoder.isInDoubt)
    #expect(decoder.endDoubt() == [])
    #expect(decoder.decode(Array("[201~".utf8)) == [.text("ab")])
  }

  @Test func anyBytesAreSurvived() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var decoder = KeyDecoder()
      var editor = LineEditor(completions: ["/help"])
      for _ in 0..<20 {
        let bytes = (0..<Int.random(in: 1...8, using: &random)).map { _ -> UInt8 in
          Bool.random(using: &random)
            ? .random(in: 0...255, using: &random)
            : Array("\u{1B}[O;0123~ABCDab\u{7F}\r".utf8).randomElement(using: &random) ?? 0
        }
        for key in decoder.decode(bytes) + decoder.endDoubt() {
          _ = editor.apply(key)
          #expect((0...editor.characters.count).contains(editor.cursor))
        }
      }
    }
  }
}
