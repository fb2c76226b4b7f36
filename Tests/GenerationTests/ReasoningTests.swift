import Foundation
import Generation
import JSONCore
import TestSupport
import Testing
import Tokenization

/// Answers of models that mark what they think, on doge-nano with other names for some tokens.
@Suite struct ReasoningTests {
  private let folder: TemporaryFolder
  private let files: TextFiles

  /// Markers of thought and solution: 5 and 6, 7 and 2.
  init() throws {
    folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    for name in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"] {
      var text = String(decoding: try folder.read("checkpoint/" + name), as: UTF8.self)
      for (old, new) in [
        ("reserved_special_token_0", "begin_of_thought"),
        ("reserved_special_token_1", "end_of_thought"),
        ("reserved_special_token_2", "begin_of_solution"),
        ("finetune_right_pad_id", "end_of_solution"),
      ] { text = text.replacingOccurrences(of: old, with: new) }
      try folder.write("checkpoint/" + name, text)
    }
    files = try TextFiles(path: path)
  }

  /// A generator that says these tokens, each once.
  private func generator(saying ids: [Int], shown: Bool = false) throws -> TextGenerator {
    var config = try files.generationConfig()
    config.showsSpecialTokens = shown
    for (place, id) in ids.enumerated() {
      config.sampling.logitBias[id] = 1e5 - 1e3 * Double(place)
    }
    config.sampling.frequencyPenalty = 5e4
    return TextGenerator(try model(), tokenizer: try files.tokenizer(), config: config, seed: 1)
  }

  private func parts(
    of ids: [Int], shown: Bool = false
  ) throws -> (parts: ReasonedText, text: String) {
    let generator = try generator(saying: ids, shown: shown)
    var parts = ReasonedText(ReasoningMarkers(generator.tokenizer))
    var text = ""
    let result = try generator.generate(
      after: prompt,
      observe: { event in
        let (piece, next) = parts.take(event)
        text += piece
        if let next { text += "[\(next)]" }
      })
    #expect(result.ids == ids)
    return (parts, text)
  }

  @Test(arguments: [false, true]) func partsStandApart(shown: Bool) throws {
    let tokenizer = try files.tokenizer()
    let words = [300, 400, 500, 600].map { tokenizer.decode([$0]) }
    let (parts, text) = try parts(of: [300, 5, 400, 6, 500, 7, 600, 2, 1], shown: shown)
    #expect(parts.thought == words[1] && parts.solution == words[3])
    let end = shown ? "<|end_of_text|>" : ""
    #expect(
      text == words[0] + "[thought]" + words[1] + "[other]" + words[2] + "[solution]" + words[3]
        + "[other]" + end)
  }

  @Test func whatHasNotBegunIsNotThere() throws {
    let plain = try parts(of: [300, 1]).parts
    #expect(plain.thought == nil && plain.solution == nil)
    let empty = try parts(of: [5, 1]).parts
    #expect(empty.thought == "" && empty.solution == nil)
  }

  @Test func tokenizersWithoutMarkersHaveNone() throws {
    let markers = ReasoningMarkers(try TextFiles(path: Fixtures.folder("doge-nano")).tokenizer())
    #expect((0..<2048).allSatisfy { markers.part(from: $0) == nil })
  }

  /// The next turn's prompt has the answer as the model made it, so that its cache serves.
  @Test(arguments: [false, true]) func markersStayInTheConversation(shown: Bool) throws {
    let ids = [5, 400, 6, 7, 600, 2, 1]
    var chat = ChatSession(
      try generator(saying: ids, shown: shown), format: try ChatFormat(files, withTools: false))
    let first = try chat.answer("Hello")
    #expect(first.result.ids == ids)
    #expect(first.result.text.contains("<|") == shown)
    let second = try chat.answer("And now?")
    #expect(second.prompt.contains("<|begin_of_thought|>"))
    #expect(second.result.reusedCount >= first.result.promptCount + ids.count - 1)
  }
}
