import Testing
import Tokenization

@Suite struct StreamTests {
  private static let bytes = Result { try Samples.tokenizer(merges: []) }

  /// Tokens of one byte each, and what the stream gives for each of them and at the end.
  @Test(
    arguments: [
      ([0x61, 0x62], ["a", "b"], ""),
      ([0xC3, 0xA9, 0x61], ["", "é", "a"], ""),
      ([0xF0, 0x9F, 0x98, 0x80], ["", "", "", "😀"], ""),
      // What can no longer become a character is given at once, what still can is kept.
      ([0xF0, 0x9F, 0x61], ["", "", "\u{FFFD}a"], ""),
      ([0xE4, 0xB8], ["", ""], "\u{FFFD}"),
      ([0x80, 0x61], ["\u{FFFD}", "a"], ""),
      ([0xC0, 0x61], ["\u{FFFD}", "a"], ""),
      ([0xED, 0xA0, 0x61], ["", "\u{FFFD}\u{FFFD}", "a"], ""),
      ([0xF4, 0x90, 0x61], ["", "\u{FFFD}\u{FFFD}", "a"], ""),
    ] as [([UInt8], [String], String)])
  func givesWholeCharacters(_ bytes: [UInt8], _ parts: [String], _ rest: String) throws {
    let tokenizer = try Self.bytes.get()
    let ids = bytes.map { Int($0) }
    var stream = tokenizer.stream()
    #expect(ids.map { stream.append($0) } == parts)
    #expect(stream.finish() == rest)
    #expect(parts.joined() + rest == tokenizer.decode(ids))
    // The stream is ready for the next text.
    #expect(stream.append(0x7A) == "z")
  }

  @Test func anyTwoAndThreeBytesAreAsDecodedAtOnce() throws {
    let tokenizer = try Self.bytes.get()
    let interesting =
      [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1]
      + [0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
    for first in interesting {
      for second in interesting {
        for third in interesting {
          let ids = [first, second, third, 0x41]
          var stream = tokenizer.stream()
          var text = ""
          for id in ids { text += stream.append(id) }
          text += stream.finish()
          #expect(Array(text.unicodeScalars) == Array(tokenizer.decode(ids).unicodeScalars))
        }
      }
    }
  }

  @Test func specialTokensMayBeSkipped() throws {
    let tokenizer = try Samples.tokenizer(
      merges: [], added: [Samples.added("<end>", id: 256, special: true)])
    var stream = tokenizer.stream(skipSpecialTokens: true)
    #expect([0x61, 256, 0x62].map { stream.append($0) } == ["a", "", "b"])
    stream = tokenizer.stream(skipSpecialTokens: false)
    #expect([0x61, 256, 0x62].map { stream.append($0) } == ["a", "<end>", "b"])
  }

  @Test func unknownIdsHaveNoText() throws {
    let tokenizer = try Self.bytes.get()
    var stream = tokenizer.stream()
    for id in [256, -1, .max, .min] {
      #expect(stream.append(id) == "")
      #expect(tokenizer.decode([0x61, id, 0x62]) == "ab")
      #expect(tokenizer.piece(id) == nil)
    }
    // Not even what stands between tokens, where there is no decoder.
    let spelled = try Samples.tokenizer(["decoder": nil])
    #expect(spelled.decode([0, 9999, 1]) == "<|end|> <|mask|>")
  }
}
