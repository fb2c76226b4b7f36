import Diagnostics
import JSONCore
import TestSupport
import Testing
import Tokenization

@Suite struct EncodingTests {
  @Test func templatesAreOptional() throws {
    let tokenizer = try Samples.tokenizer([
      "post_processor": [
        "type": "TemplateProcessing",
        "single": [
          ["SpecialToken": ["id": "end", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
          ["SpecialToken": ["id": "end", "type_id": 0]],
        ],
        "special_tokens": ["end": ["id": "end", "ids": [0], "tokens": ["<|end|>"]]],
      ]
    ])
    let with = try tokenizer.encode("at")
    #expect(with.first == Token(id: 0, range: 0..<0))
    #expect(with.last == Token(id: 0, range: 2..<2))
    #expect(try tokenizer.encode("at", addSpecialTokens: false) == Array(with[1..<with.count - 1]))
  }

  @Test(arguments: ["The others, né Straße 中文 👨‍👩‍👧 <|end|>  x", "", " ", "<|end|>"])
  func rangesCoverTheText(_ text: String) throws {
    let tokenizer = try Samples.tokenizer()
    let utf8 = Array(text.utf8)
    var place = 0
    for token in try tokenizer.encode(utf8) {
      #expect(token.range.lowerBound == place)
      #expect(
        tokenizer.decode([token.id]) == String(decoding: utf8[token.range], as: UTF8.self))
      place = token.range.upperBound
    }
    #expect(place == utf8.count)
  }

  @Test func rangesLeadBackBeforeNormalization() throws {
    let tokenizer = try Samples.tokenizer([
      "normalizer": [
        "type": "Sequence",
        "normalizers": [
          ["type": "NFC"], ["type": "Replace", "pattern": ["String": "!!"], "content": ""],
        ],
      ]
    ])
    // "e" and its accent are three bytes that become two.
    let tokens = try tokenizer.encode("<|end|>e\u{301}!!z")
    #expect(tokens.first?.range == 0..<7)
    #expect(tokens.dropFirst().dropLast().allSatisfy { $0.range == 7..<10 })
    #expect(tokens.last?.range == 12..<13)
  }

  @Test func spacesInFrontComeFromTheFirstCharacter() throws {
    let tokenizer = try Samples.tokenizer(["pre_tokenizer": ["type": "ByteLevel"]])
    let tokens = try tokenizer.encode("q<|end|>q")
    #expect(tokens.map(\.range) == [0..<1, 0..<1, 1..<8, 8..<9, 8..<9])
  }

  /// White space that a token before has taken is no token any more; here the library panics.
  @Test(arguments: ["\n\n", "\u{A0}\u{A0}", "\t"])
  func tokensOfTakenSpaceVanish(_ space: String) throws {
    let tokenizer = try Samples.tokenizer(
      merges: [],
      added: [
        ["id": 256, "content": "<m>", "rstrip": true, "normalized": false],
        ["id": 257, "content": .string(space), "lstrip": true, "normalized": false],
      ])
    for count in 1...5 {
      let taken = String(repeating: space, count: count)
      let ids = try tokenizer.encode("x<m>" + taken + "y" + space).map(\.id)
      let letters = try ["x", "y"].map { try #require(tokenizer.id(of: $0)) }
      #expect(ids == [letters[0], 256, letters[1], 257])
    }
  }

  /// Every part of a text grows; together they may not grow more than one text.
  @Test(
    arguments: [
      ["type": "Prepend", "prepend": .string(String(repeating: "x", count: 10_000))],
      [
        "type": "Replace", "pattern": ["String": "b"],
        "content": .string(String(repeating: "x", count: 10_000)),
      ],
      [
        "type": "Sequence",
        "normalizers": .array(
          Array(repeating: ["type": "Prepend", "prepend": "1234567890"], count: 1000)),
      ],
    ] as [JSON])
  func partsGrowTogether(_ normalizer: JSON) throws {
    let tokenizer = try Samples.tokenizer(["normalizer": normalizer])
    #expect(throws: Never.self) { try tokenizer.encode("b<|end|>b") }
    let error = #expect(throws: TokenizerError.self) {
      try tokenizer.encode(String(repeating: "b<|end|>", count: 4000))
    }
    #expect(error?.diagnostic.code == "tokenizer.grows-too-much")
    #expect(error?.diagnostic.kind == .badData)
  }

  @Test func bytesWithoutTokenVanish() throws {
    let json = Samples.file(vocab: ["a": 0, "b": 1, "ab": 2], merges: [["a", "b"]])
    let tokenizer = try Tokenizer(json: Array(json.serialized().utf8))
    let tokens = try tokenizer.encode("-a-b-a")
    #expect(tokens == [Token(id: 2, range: 1..<4), Token(id: 0, range: 5..<6)])
  }

  @Test(
    arguments: [
      ([0x61, 0xFF], 1), ([0x80], 0), ([0x61, 0x62, 0xE2, 0x82], 2), ([0xC0, 0x80], 0),
      ([0xED, 0xA0, 0x80], 0), ([0xF4, 0x90, 0x80, 0x80], 0),
    ] as [([UInt8], Int)])
  func invalidUTF8IsAnError(_ bytes: [UInt8], _ offset: Int) throws {
    let tokenizer = try Samples.tokenizer()
    #expect(throws: TokenizerError.invalidUTF8(offset: offset)) { try tokenizer.encode(bytes) }
  }

  @Test func wordsAreRecognizedWithoutMergesWhereAsked() throws {
    let merges = ["a b", "c d", "ab cd"]
    #expect(try Samples.tokenizer(merges: merges).encode("abcd").map(\.id) == [258])
    // "bcd" is a token, but no merge leads there.
    let vocab = JSON.object(JSONObject([("b", 0), ("c", 1), ("d", 2), ("bcd", 3)]))
    for (ignoreMerges, ids) in [(false, [0, 1, 2]), (true, [3])] {
      let json = Samples.file(vocab: vocab, ignoreMerges: ignoreMerges)
      let tokenizer = try Tokenizer(json: Array(json.serialized().utf8))
      #expect(try tokenizer.encode("bcd").map(\.id) == ids)
    }
  }

  @Test func severalThreadsAtOnce() async throws {
    let tokenizer = try Samples.tokenizer()
    let texts = (0..<40).map { count in
      "The others \(count * 7919) said: né, 中文 \(String(repeating: "the", count: count))"
    }
    let expected = try texts.map { try tokenizer.encode($0) }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (try? texts.map { try tokenizer.encode($0) }) == expected
        }
      }
      for await isSame in group { #expect(isSame) }
    }
  }
}
