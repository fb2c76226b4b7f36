import ByteIO
import Diagnostics
import Foundation
import Generation
import ModelFile
import TestSupport
import Testing

/// What is found out about side files before they are packed.
@Suite struct SideFileReviewTests {
  private static let json = [
    "generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json",
  ]
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = try folder.copy(fixture: "doge-nano")
  }

  @discardableResult
  private func review(vocabulary: Int = 2048) throws -> SideFileReview {
    try SideFileReview(SideFiles(path: path), vocabularySize: vocabulary)
  }

  /// The review's error with `text` in place of a file.
  private func error(_ name: String, _ text: String) throws -> Diagnostic? {
    let old = FileSystem.exists(path + "/" + name) ? try fileBytes(path + "/" + name) : nil
    try folder.write("checkpoint/" + name, text)
    defer {
      if let old {
        _ = try? folder.write("checkpoint/" + name, old)
      } else {
        try? FileManager.default.removeItem(atPath: path + "/" + name)
      }
    }
    do {
      try review()
      return nil
    } catch let error as any Diagnosable {
      return error.diagnostic
    }
  }

  @Test func aWholeCheckpointHasNothingToSay() throws {
    #expect(try review().warnings.isEmpty)
  }

  @Test(arguments: json + ["tokenizer.json", "chat_template.jinja"])
  func pointersOfGitLFS(name: String) throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    let found = try #require(try error(name, pointer))
    #expect(found.code == "file.git-lfs-pointer" && found.kind == .badData)
    #expect(found.path == path + "/" + name)
  }

  @Test(arguments: json + ["tokenizer.json"])
  func damagedJSON(name: String) throws {
    for text in ["", "{\"a\": 1", "not json", "{}}", "[]", "null", "{\"a\": \u{1}}"] {
      let found = try #require(try error(name, text), "\(name): \(text)")
      #expect(found.kind == .badData && found.path == path + "/" + name, "\(name): \(found)")
    }
  }

  @Test func aTokenizerWithoutItsParts() throws {
    #expect(try error("tokenizer.json", "{}")?.kind == .badData)
    let kind = #"{"version": "1.0", "model": {"type": "Unigram", "vocab": []}}"#
    #expect(try error("tokenizer.json", kind) == nil)
  }

  /// What is whole and only not supported is no reason not to convert.
  @Test func unsupportedTokenizersAreWarnings() throws {
    try folder.write(
      "checkpoint/tokenizer.json",
      #"{"version": "1.0", "model": {"type": "Unigram", "vocab": []}}"#)
    #expect(try review().warnings.map(\.code) == ["tokenizer.unsupported-part"])
  }

  @Test(arguments: ["{% if messages %}", "{{ messages[ }}", "{% endfor %}"])
  func templatesMustCompile(source: String) throws {
    let found = try #require(try error("chat_template.jinja", source))
    #expect(found.kind == .badData && found.path == path + "/chat_template.jinja")
  }

  @Test func tokensBeyondTheEmbedding() throws {
    #expect(try review(vocabulary: 2048).warnings.isEmpty)
    let warnings = try review(vocabulary: 2040).warnings
    #expect(warnings.map(\.code) == ["tokenizer.beyond-embedding"])
    #expect(warnings.first?.message.contains("2040 rows") == true)
  }
}
