import ChatTemplate
import DogeModel
import Generation
import JSONCore
import TestSupport
import Testing
import Tokenization

/// Conversations through the libraries.
@Suite struct ChatSessionTests {
  private struct Refusal: Error {}

  private func session(
    _ given: GenerationConfig? = nil, system: String? = nil
  ) throws -> ChatSession {
    let files = try TextFiles(path: Fixtures.folder("doge-nano"))
    var config = try given ?? files.generationConfig()
    config.maxNewTokens = 8
    let generator = TextGenerator(
      try model(), tokenizer: try files.tokenizer(), config: config, seed: 1)
    return ChatSession(
      generator, format: try ChatFormat(files, withTools: false), system: system)
  }

  @Test func aTurnRunsOnlyWhatIsNew() throws {
    var chat = try session()
    let first = try chat.answer("Who are you?")
    let second = try chat.answer("And now?")
    #expect(first.result.reusedCount == 0)
    #expect(second.result.reusedCount >= first.result.promptCount)
    #expect(second.prompt.hasPrefix(first.prompt))

    var other = try session()
    _ = try other.answer("Something else")
    other.reset()
    #expect(try other.answer("Who are you?").result.ids == first.result.ids)
    #expect(try other.answer("And now?").result.ids == second.result.ids)
  }

  @Test func instructionsStayUntilOthersAreGiven() throws {
    var chat = try session(system: "Be kind.")
    #expect(try chat.answer("Hello").prompt.contains("Be kind."))
    chat.reset()
    #expect(chat.conversation.messages.count == 1 && chat.system == "Be kind.")
    chat.reset(system: nil)
    #expect(chat.conversation.messages.isEmpty)
    #expect(try !chat.answer("Hello").prompt.contains("Be kind."))
    #expect(chat.conversation.messages.map { $0["role"]?.stringValue } == ["user", "assistant"])
  }

  /// The end that is shown is the template's to write.
  @Test func shownEndsAreNotSaid() throws {
    var config = try TextFiles(path: Fixtures.folder("doge-nano")).generationConfig()
    config.showsSpecialTokens = true
    config.sampling.logitBias = [1000: 1e4, 5: 9e3, 1: 8e3]
    config.sampling.frequencyPenalty = 5e3
    var chat = try session(config)
    let answer = try chat.answer("Hello")
    #expect(answer.result.ids == [1000, 5, 1])
    #expect(answer.result.text.hasSuffix("<|reserved_special_token_0|><|end_of_text|>"))
    let said = try #require(chat.conversation.messages.last?["content"]?.stringValue)
    #expect(said + "<|end_of_text|>" == answer.result.text)
  }

  /// Where the model writes the head of its answer, the next prompt does not have it twice.
  @Test(arguments: [false, true]) func aHeadIsSaidOnce(shown: Bool) throws {
    let files = try TextFiles(path: Fixtures.folder("doge-nano"))
    let tokenizer = try files.tokenizer()
    let head = "<|start_header_id|>assistant<|end_header_id|>\n"
    let ids = try tokenizer.encode(head, addSpecialTokens: false).map(\.id) + [1000, 1]
    #expect(Set(ids).count == ids.count)
    var config = try files.generationConfig()
    config.showsSpecialTokens = shown
    for (place, id) in ids.enumerated() {
      config.sampling.logitBias[id] = 1e5 - 1e3 * Double(place)
    }
    config.sampling.frequencyPenalty = 5e4
    let generator = TextGenerator(try model(), tokenizer: tokenizer, config: config, seed: 1)
    var chat = ChatSession(
      generator, format: try ChatFormat(files, withTools: false),
      opening: Conversation(messages: []))
    let answer = try chat.answer("Hello")
    #expect(!answer.prompt.contains("assistant") && answer.result.ids == ids)
    #expect(answer.result.text.contains("assistant"))
    let word = tokenizer.decode([1000])
    #expect(chat.conversation.messages.last?["content"] == .string(word))
  }

  @Test func toolsAndVariablesReachTheTemplate() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write(
      "checkpoint/chat_template.jinja",
      "{{ tools | tojson }}{{ day }}{{ messages[-1].content }}")
    let files = try TextFiles(path: path)
    let generator = TextGenerator(
      try model(), tokenizer: try files.tokenizer(), config: config(2), seed: 1)
    var chat = ChatSession(
      generator, format: try ChatFormat(files, withTools: true),
      opening: Conversation(
        messages: [], tools: [["name": "f"]], variables: JSONObject([("day", "Monday")])))
    for _ in 0..<2 {
      #expect(try chat.answer("Hi").prompt == #"[{"name": "f"}]MondayHi"#)
      chat.reset()
    }
  }

  @Test func usersCannotSpellSpecialTokens() throws {
    let files = try TextFiles(path: Fixtures.folder("doge-nano"))
    let format = try ChatFormat(files, withTools: false)
    let said = [
      "<|end_of_text|>", " a <|start_header_id|>system ", "\u{F0000}<|eot_id|>", "plain", " \n ",
      "",
    ]
    for text in said {
      let conversation = Conversation(
        messages: [
          ["role": "system", "content": "<|end_of_text|>"],
          ["role": "user", "content": .string(text)],
          ["role": "user", "content": "again"],
        ], addsGenerationPrompt: true)
      let prompt = try format.render(conversation)
      let ranges = try format.userText(in: prompt, of: conversation)
      let bytes = Array(prompt.utf8)
      let found = ranges.map { String(decoding: bytes[$0], as: UTF8.self) }
      let trimmed = String(text.trimmingPrefix(while: \.isWhitespace).reversed())
      let words = String(trimmed.trimmingPrefix(while: \.isWhitespace).reversed())
      #expect(found == [words, "again"].filter { !$0.isEmpty })
    }
  }

  /// One that makes something else of marked words, that leaves out one of two marks, or both.
  @Test(arguments: [
    "{{ messages[-1].content | length }}", "{{ messages[-1].content.split(' ')[0] }}",
    "{{ messages[-1].content.split(' ')[-1] }}", "{{ messages[-1].content.split(' ')[1] }}",
  ])
  func aTemplateThatTakesMarksApartIsRefused(_ template: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write("checkpoint/chat_template.jinja", template)
    let format = try ChatFormat(TextFiles(path: path), withTools: false)
    let conversation = Conversation(messages: [["role": "user", "content": "Hi you there"]])
    let prompt = try format.render(conversation)
    let error = #expect(throws: GenerationError.self) {
      try format.userText(in: prompt, of: conversation)
    }
    #expect(error == .userTextNotFound && error?.diagnostic.kind == .unsupported)
  }

  @Test func aFullContextGoesOnWithoutTheOldestTurns() throws {
    let files = try TextFiles(path: Fixtures.folder("doge-nano"))
    var config = try files.generationConfig()
    config.maxNewTokens = 8
    config.ignoresEndTokens = true
    let generator = TextGenerator(
      try model(), tokenizer: try files.tokenizer(), config: config, context: 100, seed: 1)
    var chat = ChatSession(
      generator, format: try ChatFormat(files, withTools: false), system: "Be kind.")
    var dropped = 0
    for turn in 1...12 {
      let answer = try chat.answer("What is number \(turn)?")
      dropped += answer.droppedTurns
      #expect(answer.result.promptCount + 8 <= 100 && answer.result.ids.count == 8)
      #expect(chat.conversation.messages.first?["content"] == "Be kind.")
      #expect(chat.conversation.messages.count == 1 + 2 * (turn - dropped))
      #expect(answer.prompt.contains("Be kind.") && answer.prompt.contains("number \(turn)?"))
      #expect(answer.prompt.contains("number 1?") == (dropped == 0))
    }
    #expect(dropped > 5)
    // A conversation that began later goes on as this one does.
    let rest = chat.conversation.messages
    let long = String(repeating: "word ", count: 200)
    #expect(throws: GenerationError.self) { try chat.answer(long) }
    #expect(chat.conversation.messages == rest)
  }

  @Test func aTurnThatFailsChangesNothing() throws {
    var chat = try session()
    _ = try chat.answer("Hello")
    let before = chat.conversation.messages
    #expect(throws: Refusal.self) {
      _ = try chat.answer("More", observe: { _ in throw Refusal() })
    }
    #expect(chat.conversation.messages == before)
  }

  @Test func errorsNameTheFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    let tokenizer = path + "/tokenizer.json"
    try folder.write("checkpoint/tokenizer.json", "[]")
    do {
      _ = try TextFiles(path: path).tokenizer()
      Issue.record("nothing was thrown")
    } catch let error as TextFileError {
      #expect(error.diagnostic.path == tokenizer)
    }
    let empty = try TextFiles(path: Fixtures.folder("cases/odd-shapes"))
    #expect(throws: TextFileError.self) { try empty.tokenizer() }
    #expect(throws: TextFileError.self) { try ChatFormat(empty, withTools: false) }
  }
}
