import Diagnostics
import JSONCore
import Testing
import Tokenization

/// A file that breaks a rule, and the code of its error.
private struct Broken: CustomTestStringConvertible, Sendable {
  let code: String
  let text: String
  /// What the message must say.
  let says: [String]

  init(_ code: String, _ text: String, says: String...) {
    self.code = code
    self.text = text
    self.says = says
  }

  /// A file that is whole but for one member.
  init(_ code: String, member name: String, _ value: String, says: String...) {
    self.code = code
    self.says = says
    var members = [
      "pre_tokenizer": byteLevel,
      "model": #"{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}"#,
    ]
    members[name] = value
    text =
      "{" + members.map { #""\#($0)": \#($1)"# }.sorted().joined(separator: ",") + "}"
  }

  init(_ code: String, vocab: String, merges: String = "[]", options: String = "", says: String...)
  {
    self.init(
      code, member: "model", #"{\#(options) "vocab": \#(vocab), "merges": \#(merges)}"#)
    self = Broken(code, text, says)
  }

  private init(_ code: String, _ text: String, _ says: [String]) {
    self.code = code
    self.text = text
    self.says = says
  }

  var testDescription: String { "\(code) \(says)" }
}

private let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
private let ab = #"{"a": 0, "b": 1, "ab": 2}"#

private func added(_ content: String, _ id: String, _ options: String = "") -> String {
  #"[{"id": \#(id), "content": "\#(content)"\#(options)}]"#
}

private func template(_ single: String, _ tokens: String = "{}") -> String {
  #"{"type": "TemplateProcessing", "single": \#(single), "special_tokens": \#(tokens)}"#
}

@Suite struct RejectionTests {
  @Test(
    arguments: [
      // The file.
      Broken("not-json", ""),
      Broken("not-json", "{", says: "end of the text"),
      Broken("not-json", #"{"model": {"vocab": {1: 2}}}"#),
      Broken("not-json", #"{"a": "# + String(repeating: "[", count: 100_000), says: "deeper"),
      Broken(
        "not-json", member: "model",
        #"{"vocab": {}, "merges": [], "x": "#
          + String(repeating: #"{"a":"#, count: 100_000), says: "deeper"),
      Broken("not-json", #"{"version": "1.0", "version": "1.0"}"#, says: "version"),
      Broken("not-json", #"{"model": {"vocab": {"\#u{0}": 1}}}"#),
      Broken("wrong-field", "[]"),
      Broken("missing-field", "{}", says: "model"),
      Broken("missing-field", #"{"model": {"vocab": {}}}"#, says: "model.merges"),
      Broken("missing-field", #"{"model": {"merges": []}}"#, says: "model.vocab"),
      Broken("wrong-field", #"{"model": null}"#, says: "model", "null"),
      Broken("unknown-version", member: "version", #""2.0""#, says: "2.0"),
      Broken("wrong-field", member: "version", "2", says: "version"),

      // The model.
      Broken("unsupported-part", vocab: ab, options: #""type": "WordPiece","#, says: "WordPiece"),
      Broken("unsupported-part", vocab: "[]", options: #""type": "Unigram","#, says: "Unigram"),
      Broken("wrong-field", vocab: "[]", says: "model.vocab", "an array"),
      Broken(
        "unsupported-setting", vocab: ab, options: #""dropout": 0.1,"#, says: "dropout", "0.1"),
      Broken(
        "unsupported-setting", vocab: ab, options: #""continuing_subword_prefix": "@@","#,
        says: "continuing_subword_prefix"),
      Broken(
        "unsupported-setting", vocab: ab, options: #""end_of_word_suffix": "</w>","#,
        says: "</w>"),
      Broken("incomplete-alphabet", vocab: ab, options: #""byte_fallback": true,"#, says: "254"),
      Broken("incomplete-alphabet", vocab: ab, options: #""unk_token": "a","#, says: "unk_token"),
      Broken("wrong-field", vocab: ab, options: #""ignore_merges": "yes","#, says: "'yes'"),
      Broken("not-json", vocab: ab, options: #""vocab": {},"#, says: "vocab"),
      Broken("invalid-id", vocab: #"{"a": 1000000000000}"#, says: "1000000000000", "4194302"),
      Broken("invalid-id", vocab: #"{"a": 4194303}"#),
      Broken("invalid-id", vocab: #"{"a": 99999999999999999999999999}"#),
      Broken("invalid-id", vocab: #"{"a": -1}"#, says: "-1"),
      Broken("invalid-id", vocab: #"{"a": 1.5}"#, says: "1.5"),
      Broken("invalid-id", vocab: #"{"a": "0"}"#, says: "a string"),
      Broken("duplicate-id", vocab: #"{"a": 0, "b": 0}"#, says: "'b'"),
      Broken("duplicate-token", vocab: #"{"a": 0, "\u0061": 1}"#, says: "'a'"),
      Broken("malformed-merge", vocab: ab, merges: #"["ab"]"#, says: "merge 0", "'ab'"),
      Broken("malformed-merge", vocab: ab, merges: #"["a b", "a b a"]"#, says: "merge 1"),
      Broken("malformed-merge", vocab: ab, merges: #"["a "]"#, says: "empty"),
      Broken("malformed-merge", vocab: ab, merges: #"[["a"]]"#),
      Broken("malformed-merge", vocab: ab, merges: #"[["a", "b", "a"]]"#),
      Broken("malformed-merge", vocab: ab, merges: #"[["a", 1]]"#),
      Broken("malformed-merge", vocab: ab, merges: "[null]", says: "null"),
      // A cycle: "a" and nothing would become "a", again and again.
      Broken(
        "malformed-merge", vocab: #"{"a": 0, "": 1}"#, merges: #"[["", "a"]]"#, says: "empty"),
      Broken("unknown-token-in-merge", vocab: ab, merges: #"["a c"]"#, says: "'c'"),
      Broken("unknown-token-in-merge", vocab: ab, merges: #"["b a"]"#, says: "'ba'"),
      Broken("wrong-field", vocab: ab, merges: #"{"a": "b"}"#, says: "model.merges"),

      // Added tokens.
      Broken("wrong-field", member: "added_tokens", "{}", says: "added_tokens", "an array"),
      Broken("missing-field", member: "added_tokens", "[{}]", says: "added_tokens[0].content"),
      Broken(
        "misplaced-added-token", member: "added_tokens", added("x", "7"), says: "7", "2"),
      Broken("misplaced-added-token", member: "added_tokens", added("a", "1"), says: "0"),
      Broken("wrong-field", member: "added_tokens", added("x", "-2"), says: "added_tokens[0].id"),
      Broken("wrong-field", member: "added_tokens", added("x", "1000000000000")),
      Broken(
        "wrong-field", member: "added_tokens", added("x", "2", #", "special": 1"#),
        says: "special"),
      Broken(
        "duplicate-token", member: "added_tokens",
        #"[{"id": 2, "content": "x"}, {"id": 3, "content": "x"}]"#),
      Broken(
        "added-token-too-long", member: "added_tokens",
        added(String(repeating: "x", count: 513), "2"), says: "513", "512"),

      // The other parts.
      Broken("unsupported-setting", member: "pre_tokenizer", "null", says: "missing"),
      Broken("unsupported-setting", member: "pre_tokenizer", #"{"type": "Whitespace"}"#),
      Broken(
        "unsupported-part", member: "pre_tokenizer", #"{"type": "Metaspace"}"#,
        says: "Metaspace"),
      Broken(
        "unsupported-setting", member: "pre_tokenizer",
        #"{"type": "Sequence", "pretokenizers": [\#(byteLevel), \#(byteLevel)]}"#, says: "2 times"),
      Broken(
        "unsupported-part", member: "pre_tokenizer",
        #"{"type": "Sequence", "pretokenizers": [{"type": "FixedLength"}]}"#,
        says: "pre_tokenizer.pretokenizers[0]", "FixedLength"),
      Broken(
        "wrong-field", member: "pre_tokenizer",
        #"{"type": "Split", "pattern": {"String": "-"}, "behavior": "Gone", "invert": false}"#,
        says: "Gone"),
      Broken(
        "wrong-field", member: "pre_tokenizer",
        #"{"type": "Split", "pattern": {}, "behavior": "Isolated", "invert": false}"#),
      Broken(
        "invalid-pattern", member: "pre_tokenizer",
        #"{"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": false}"#,
        says: "pre_tokenizer.pattern"),
      Broken("missing-field", member: "normalizer", "{}", says: "normalizer.type"),
      Broken("unsupported-part", member: "normalizer", #"{"type": "Precompiled"}"#),
      Broken("unsupported-part", member: "decoder", #"{"type": "WordPiece"}"#),
      Broken(
        "unsupported-part", member: "decoder", #"{"type": "ByteFallback"}"#, says: "ByteFallback"),
      Broken(
        "unsupported-part", member: "decoder",
        #"{"type": "Replace", "pattern": {"String": "x"}, "content": "y"}"#, says: "Replace"),
      Broken(
        "unsupported-part", member: "decoder",
        #"{"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "Strip"}]}"#,
        says: "decoder.decoders[1]", "Strip"),
      Broken(
        "unsupported-setting", member: "decoder",
        #"{"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "ByteLevel"}]}"#,
        says: "decoder.decoders[1]", "behind another"),
      Broken("unsupported-part", member: "post_processor", #"{"type": "NoProcessing"}"#),
      Broken(
        "unsupported-setting", member: "post_processor", template("[]"), says: "without 'A'"),
      Broken(
        "unsupported-setting", member: "post_processor",
        template(#"[{"Sequence": {"id": "B"}}]"#), says: "'B'"),
      Broken(
        "unknown-token-in-template", member: "post_processor",
        template(#"[{"SpecialToken": {"id": "x"}}]"#), says: "'x'"),
      Broken(
        "unknown-token-in-template", member: "post_processor",
        template(#"[{"SpecialToken": {"id": "x"}}]"#, #"{"x": {"ids": [9]}}"#), says: "id 9"),
    ])
  private func isRejected(_ file: Broken) {
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(json: Array(file.text.utf8))
    }
    guard let diagnostic = error?.diagnostic else { return }
    #expect(diagnostic.code == "tokenizer." + file.code)
    for part in file.says { #expect(diagnostic.message.contains(part), "\(diagnostic.message)") }
    #expect([.badData, .unsupported].contains(diagnostic.kind))
  }

  @Test func normalizedTokensMustDiffer() throws {
    let tokens: [JSON] = [
      ["id": 460, "content": "Yes", "normalized": true],
      ["id": 461, "content": "yes", "normalized": true],
    ]
    let base = try Samples.base.get()
    let known = base["added_tokens"]?.arrayValue ?? []
    #expect(throws: TokenizerError.indistinctAddedToken(token: "yes")) {
      try Samples.tokenizer([
        "normalizer": ["type": "Lowercase"], "added_tokens": .array(known + tokens),
      ])
    }
  }

  /// Patterns that insert: the library panics on them, or gives other tokens than it normalizes to.
  @Test(arguments: ["a*", "(?=b)", "\\b", "x?|y", ""])
  func insertingIsRefused(regex: String) throws {
    let replace: JSON = [
      "type": "Replace", "pattern": ["Regex": .string(regex)], "content": "the",
    ]
    do {
      _ = try Samples.tokenizer(["normalizer": replace])
      Issue.record("\(regex) was accepted")
    } catch TokenizerError.unsupportedSetting(let path, _, _) {
      #expect(path == "normalizer.pattern")
    }
  }

  @Test func doublingThirtyTimesIsAnError() throws {
    let double: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    let thirty = JSON.array(Array(repeating: double, count: 30))
    let normalizing = try Samples.tokenizer([
      "normalizer": ["type": "Sequence", "normalizers": thirty]
    ])
    #expect(throws: TokenizerError.self) { try normalizing.encode("a") }
    #expect(try normalizing.encode("b").count == 1)
  }

  @Test func longTemplatesAreErrors() throws {
    let piece: JSON = ["SpecialToken": ["id": "x", "type_id": 0]]
    #expect(throws: TokenizerError.self) {
      try Samples.tokenizer([
        "post_processor": [
          "type": "TemplateProcessing", "single": .array(Array(repeating: piece, count: 100)),
          "special_tokens": ["x": ["id": "x", "ids": .array(Array(repeating: 0, count: 100))]],
        ]
      ])
    }
  }

  @Test func namesInMessagesAreEscaped() {
    let error = TokenizerError.duplicateToken("a\u{1B}[31m\n")
    #expect(error.diagnostic.message == #"the token 'a\u{1b}[31m\n' occurs twice"#)
  }
}
