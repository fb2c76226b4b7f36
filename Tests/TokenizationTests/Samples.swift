import Foundation
import JSONCore
import TestSupport
import Tokenization

/// Tokenizers for tests: the one of the fixtures, and small ones that are written down here.
enum Samples {
  private static let folder = URL(fileURLWithPath: #filePath)
    .resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "Fixtures")

  /// A file of the fixtures.
  static func fixture(_ name: String) throws -> JSON {
    try JSON.parse(fileBytes(folder.appending(path: name).path))
  }

  /// The tokenizer of the fixtures, as JSON.
  static let base = Result { try fixture("base.json") }

  /// The tokenizer of the fixtures with other members.
  static func tokenizer(_ members: JSON = .object(JSONObject())) throws -> Tokenizer {
    try Tokenizer(json: Array(replacing(members).serialized().utf8))
  }

  /// The JSON of the fixtures' tokenizer with other members.
  static func replacing(_ members: JSON) throws -> JSON {
    var object = try base.get().objectValue ?? JSONObject()
    for member in members.objectValue?.members ?? [] { object[member.key] = member.value }
    return .object(object)
  }

  /// A tokenizer of single bytes and of merges, such as "a b"; the tokens that they make follow
  /// the bytes in order.
  static func tokenizer(
    merges: [String], ignoreMerges: Bool = false, added: [JSON] = []
  ) throws -> Tokenizer {
    var vocabulary: [String] = ByteAlphabet.scalars.compactMap { scalar in
      Unicode.Scalar(scalar).map { String($0) }
    }
    for merge in merges {
      let token = merge.filter { $0 != " " }
      if !vocabulary.contains(token) { vocabulary.append(token) }
    }
    let vocab = JSONObject(vocabulary.enumerated().map { ($1, JSON.number(JSONNumber($0))) })
    return try Tokenizer(
      json: Array(
        file(
          vocab: .object(vocab), merges: .array(merges.map { .string($0) }),
          ignoreMerges: ignoreMerges, added: added
        ).serialized().utf8))
  }

  /// The JSON of a tokenizer without pattern: a text is one word.
  static func file(
    vocab: JSON, merges: JSON = [], ignoreMerges: Bool = false, added: [JSON] = []
  ) -> JSON {
    [
      "version": "1.0", "added_tokens": .array(added), "normalizer": nil,
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      "post_processor": nil, "decoder": ["type": "ByteLevel"],
      "model": [
        "type": "BPE", "ignore_merges": .bool(ignoreMerges), "vocab": vocab, "merges": merges,
      ],
    ]
  }

  /// An added token.
  static func added(_ content: String, id: Int, special: Bool = false) -> JSON {
    ["id": .number(JSONNumber(id)), "content": .string(content), "special": .bool(special)]
  }
}
