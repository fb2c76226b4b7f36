import JSONCore
import Testing
import Tokenization

@Suite struct VocabularyTests {
  @Test func alphabetIsThatOfGPT2() {
    #expect(ByteAlphabet.scalars[0x20] == 0x120)  // Ġ
    #expect(ByteAlphabet.scalars[0x0A] == 0x10A)  // Ċ
    #expect(ByteAlphabet.scalars[0x41] == 0x41)
    #expect(ByteAlphabet.scalars[0xAD] == 0x143)
    #expect(Set(ByteAlphabet.scalars).count == 256)
    for byte in 0..<256 {
      #expect(ByteAlphabet.bytes[Int(ByteAlphabet.scalars[byte])] == Int16(byte))
    }
  }

  @Test func piecesAreSpelledAsInTheFile() throws {
    let tokenizer = try Samples.tokenizer(
      merges: ["Ġ t", "h e", "Ġt he"], added: [Samples.added("<a b>", id: 259, special: true)])
    #expect(tokenizer.vocabularySize == 260)
    #expect(tokenizer.piece(258) == "Ġthe")
    #expect(tokenizer.id(of: "Ġthe") == 258)
    #expect(tokenizer.id(of: " the") == nil)
    #expect(tokenizer.piece(259) == "<a b>")
    #expect(tokenizer.id(of: "<a b>") == 259)
    #expect(tokenizer.piece(260) == nil)
    #expect(tokenizer.piece(-1) == nil)
    #expect(tokenizer.isSpecial(259))
    #expect(!tokenizer.isSpecial(258))
    #expect(tokenizer.decode([258, 259]) == " the<a b>")
    #expect(tokenizer.decode([258, 259], skipSpecialTokens: true) == " the")
  }

  @Test func escapedSpellingsAreRead() throws {
    let json = Samples.file(
      vocab: ["Ġ": 0, "\"": 1, "\\": 2, "Ġ\"": 3, "中": 4, "😀": 5],
      merges: [["Ġ", "\""]]
    ).serialized().replacing("Ġ", with: #"\u0120"#).replacing("中", with: #"\u4E2d"#)
      .replacing("😀", with: #"\uD83D\ude00"#)
    let tokenizer = try Tokenizer(json: Array(json.utf8))
    #expect(try tokenizer.encode(#" "\"#).map(\.id) == [3, 2])
    #expect(tokenizer.id(of: "中") == 4)
    #expect(tokenizer.id(of: "😀") == 5)
  }

  @Test func mergesMayComeFirst() throws {
    let text = #"""
      {"pre_tokenizer": {"type": "ByteLevel", "use_regex": false, "add_prefix_space": false},
       "model": {"merges": ["#version: 0.2", "a b"], "vocab": {"ab": 2, "b": 1, "a": 0}}}
      """#
    let tokenizer = try Tokenizer(json: Array(text.utf8))
    #expect(try tokenizer.encode("abba").map(\.id) == [2, 1, 0])
  }

  @Test func idsMayHaveGaps() throws {
    let json = Samples.file(vocab: ["a": 70_000, "b": 3])
    let tokenizer = try Tokenizer(json: Array(json.serialized().utf8))
    #expect(tokenizer.vocabularySize == 70_001)
    #expect(try tokenizer.encode("ab").map(\.id) == [70_000, 3])
    #expect(tokenizer.decode([3, 4]) == "b")
  }
}

extension String {
  fileprivate func replacing(_ part: String, with other: String) -> String {
    split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
  }
}
