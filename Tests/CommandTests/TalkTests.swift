import Foundation
import JSONCore
import TestSupport
import Testing

/// What `generate` begins with, what ends it, and what moves its choices.
@Suite struct TalkTests {
  let model = Fixtures.folder("doge-nano")

  private func generate(_ options: String...) throws -> Run {
    try Program.run(["generate", model, "--max-new-tokens", "12"] + options)
  }

  private func ids(_ run: Run) throws -> [Int] {
    try #require(try run.json["ids"]?.arrayValue).compactMap(\.intValue)
  }

  @Test func aPromptOfTokens() throws {
    let folder = try TemporaryFolder()
    let text = "In the beginning"
    let given = try kibble("tokenize", model, text, "--json").json["ids"] ?? .null
    let expected = try generate("--prompt", text, "--json")
    // As an array, and as an array of one.
    for json in [given, [given]] {
      let file = try folder.write("ids.json", json.serialized())
      let run = try generate("--tokens", file, "--json")
      #expect(run.code == 0 && run.errors == "")
      #expect(try ids(run) == ids(expected))
      #expect(try run.json["prompt"] == "<|begin_of_text|>In the beginning")
    }
    let two = try folder.write("two.json", "[[1], [2]]")
    expectRefusal(try generate("--tokens", two), 64, "not of 2")
    let large = try folder.write("large.json", "[0, 5000]")
    expectRefusal(try generate("--tokens", large), 65, "5000")
    expectRefusal(try generate("--tokens", two, "--prompt", "a"), 64, "--prompt")
    expectRefusal(try generate("--tokens", two, "--no-bos"), 64, "--no-bos")
    expectRefusal(try generate(), 64, "--prompt")
  }

  @Test func aSecondBeginning() throws {
    let twice = try generate("--prompt", "<|begin_of_text|>In the", "--json")
    #expect(twice.code == 0 && twice.errors.contains("--no-bos"))
    let once = try generate("--prompt", "In the", "--json")
    let bare = try generate("--prompt", "<|begin_of_text|>In the", "--no-bos", "--json")
    #expect(once.errors == "" && bare.errors == "")
    #expect(try ids(bare) == ids(once))
    let count = try #require(once.json["prompt_tokens"]?.intValue)
    #expect(try twice.json["prompt_tokens"]?.intValue == count + 1)
    let none = try generate("--prompt", "In the", "--no-bos", "--json")
    #expect(try none.json["prompt_tokens"]?.intValue == count - 1)
    #expect(try generate("--prompt", "", "--no-bos").code == 65)
  }

  /// A bias makes the end token come first, as nothing else would.
  @Test func ends() throws {
    let prompt = ["--prompt", "In the", "--json", "--logit-bias", "1=1000"]
    func run(_ options: String...) throws -> JSON {
      try Program.run(["generate", model, "--max-new-tokens", "6"] + prompt + options).json
    }
    let short = try run()
    #expect(short["ids"] == [1] && short["stop_reason"] == "end-token")
    let long = try run("--min-new-tokens", "4")
    #expect(long["ids"]?.arrayValue?.count == 5 && long["ids"]?.arrayValue?.last == 1)
    let free = try run("--ignore-eos")
    #expect(free["ids"] == [1, 1, 1, 1, 1, 1] && free["stop_reason"] == "length")
    #expect(free["text"] == "")
  }

  /// As `decode(ids, skip_special_tokens=False)` has it, and True.
  @Test func specialTokens() throws {
    let biases = zip([5, 1000, 4, 1], 1...).flatMap { id, rank in
      ["--logit-bias", "\(id)=\(1000 - 10 * rank)"]
    }
    let options = ["--prompt", "In the", "--frequency-penalty", "500"] + biases
    let shown = try Program.run(["generate", model] + options + ["--show-special", "--json"]).json
    let hidden = try Program.run(["generate", model] + options + ["--json"]).json
    #expect(shown["ids"] == [5, 1000, 4, 1] && hidden["ids"] == shown["ids"])
    let word = try #require(hidden["text"]?.stringValue)
    #expect(!word.isEmpty && !word.contains("<"))
    let text = "<|reserved_special_token_0|>\(word)<|end_header_id|><|end_of_text|>"
    #expect(shown["text"] == .string(text))
    let plain = try Program.run(["generate", model] + options + ["--show-special"])
    #expect(plain.output == text + "\n")
    let events = try Program.run(["generate", model] + options + ["--show-special", "--jsonl"])
    let pieces = try events.output.split(separator: "\n").dropLast().map {
      try JSON.parse(Array($0.utf8))["text"]?.stringValue ?? ""
    }
    #expect(pieces.joined() == text)
  }

  @Test func reasoningStandsApart() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    for name in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"] {
      let text = String(decoding: try folder.read("checkpoint/" + name), as: UTF8.self)
      try folder.write(
        "checkpoint/" + name,
        text.replacingOccurrences(of: "reserved_special_token_0", with: "begin_of_thought")
          .replacingOccurrences(of: "reserved_special_token_1", with: "begin_of_solution"))
    }
    let biases = zip([5, 1000, 6, 1001, 1], 1...).flatMap { id, rank in
      ["--logit-bias", "\(id)=\(1000 - 10 * rank)"]
    }
    let chat = ["chat", path, "--message", "Hi", "--frequency-penalty", "500"] + biases
    let json = try Program.run(chat + ["--json"]).json
    let (thought, answer) = (json["reasoning"]?.stringValue, json["answer"]?.stringValue)
    let words = (try #require(thought), try #require(answer))
    #expect(!words.0.isEmpty && !words.1.isEmpty)
    #expect(json["text"] == .string(words.0 + words.1))
    #expect(try Program.run(chat).output == "thought:\n\(words.0)\nanswer:\n\(words.1)\n")
    #expect(
      try Program.run(chat + ["--show-special"]).output
        == "<|begin_of_thought|>\(words.0)<|begin_of_solution|>\(words.1)<|end_of_text|>\n")
    let plain = try kibble("chat", model, "--message", "Hi", "--max-new-tokens", "4", "--json")
    #expect(try plain.json["reasoning"] == nil)
  }

  @Test func whatTheTemplateIsGiven() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write(
      "checkpoint/chat_template.jinja",
      "{{ tools | tojson }}|{{ day }}|{{ add_generation_prompt }}|{{ messages[-1].content }}")
    func prompt(_ options: String...) throws -> JSON? {
      try Program.run(
        ["chat", path, "--message", "Hi", "--max-new-tokens", "1", "--json"] + options
      ).json["prompt"]
    }
    #expect(try prompt() == "null||True|Hi")
    #expect(try prompt("--no-generation-prompt") == "null||False|Hi")
    let tools = try folder.write("tools.json", #"[{"name": "f"}]"#)
    #expect(try prompt("--tools", tools) == #"[{"name": "f"}]||True|Hi"#)
    #expect(try prompt("--variable", #"day="a=b""#) == "null|a=b|True|Hi")
    #expect(try prompt("--variable", "day=[1, null]") == "null|[1, None]|True|Hi")
    let refused = ["chat", path, "--message", "Hi"]
    for value in ["day", "=1", "day=Monday"] {
      expectRefusal(try Program.run(refused + ["--variable", value]), 64, "--variable")
    }
    expectRefusal(try Program.run(refused + ["--variable", "tools=1"]), 65, "tools")
    let none = folder.path("none")
    expectRefusal(try Program.run(refused + ["--tools", none]), 66, "none")
    for text in ["{}", "[1]", "["] {
      let wrong = try folder.write("wrong.json", text)
      expectRefusal(try Program.run(refused + ["--tools", wrong]), 65, "wrong.json")
    }
  }

  @Test func aTemplateAroundThePrompt() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write(
      "checkpoint/chat_template.jinja",
      "{{ tools | tojson }}|{{ day }}|{{ add_generation_prompt }}|{{ messages[-1].content }}")
    try folder.write(
      "checkpoint/additional_chat_templates/short.jinja", "<{{ messages[0].content }}>")
    func generate(_ options: String...) throws -> Run {
      try Program.run(["generate", path, "--max-new-tokens", "1", "--prompt", "Hi"] + options)
    }
    func prompt(_ options: String...) throws -> JSON? {
      try Program.run(
        ["generate", path, "--max-new-tokens", "1", "--prompt", "Hi", "--json"] + options
      ).json["prompt"]
    }
    #expect(try prompt() == "Hi")
    #expect(try prompt("--template", "short") == "<Hi>")
    #expect(try prompt("--template", "default") == "null||True|Hi")
    #expect(try prompt("--no-generation-prompt") == "null||False|Hi")
    #expect(try prompt("--variable", "day=[1, null]") == "null|[1, None]|True|Hi")
    let tools = try folder.write("tools.json", #"[{"name": "f"}]"#)
    #expect(try prompt("--tools", tools) == #"[{"name": "f"}]||True|Hi"#)
    let lines = try folder.write("p.jsonl", #"{"prompt": "Ho"}"#)
    let events = try Program.run([
      "generate", path, "--prompts", lines, "--jsonl", "--template", "short",
      "--max-new-tokens", "1",
    ]).output.split(separator: "\n")
    #expect(try JSON.parse(Array(#require(events.last).utf8))["prompt"] == "<Ho>")
    expectRefusal(try generate("--template", "none"), 66, "none")
    expectRefusal(try generate("--template", "short", "--no-bos"), 64, "--no-bos")
    // What the template gives is what `chat` asks.
    let chat = try Program.run(["chat", path, "--message", "Hi", "--max-new-tokens", "9", "--json"])
    let same = try Program.run([
      "generate", path, "--prompt", "Hi", "--template", "default", "--max-new-tokens", "9",
      "--json",
    ])
    #expect(try ids(same) == ids(chat))
  }

  @Test func plainUserText() throws {
    let text = "a<|end_of_text|>b"
    let ids = try tokenizedPlainly(text)
    #expect(ids.first == 0 && !ids.contains(1))
    let given = try generate("--prompt", text, "--json")
    let plain = try generate("--prompt", text, "--plain-user-text", "--json")
    #expect(try plain.json["prompt_tokens"]?.intValue == ids.count)
    #expect(try given.json["prompt_tokens"]?.intValue == 4)
    let chat = ["chat", model, "--message", text, "--max-new-tokens", "1", "--json"]
    let split = try Program.run(chat + ["--plain-user-text"]).json
    let whole = try Program.run(chat).json
    #expect(split["prompt"] == whole["prompt"])
    let count = try #require(whole["prompt_tokens"]?.intValue)
    #expect(split["prompt_tokens"]?.intValue == count + ids.count - 4)
  }

  /// The ids of a text whose "<|" no token is spelled with.
  private func tokenizedPlainly(_ text: String) throws -> [Int] {
    let folder = try TemporaryFolder()
    let tokenizer = String(decoding: try fileBytes(model + "/tokenizer.json"), as: UTF8.self)
    try folder.write(
      "tokenizer.json", tokenizer.replacingOccurrences(of: "<|end_of_text|>", with: "<|none|>"))
    let json = try kibble("tokenize", folder.path(""), text, "--json").json
    return try #require(json["ids"]?.arrayValue).compactMap(\.intValue)
  }

  /// A context that is longer than that of the training, where the rotary scaling says how.
  @Test func stretchedContexts() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    let config = String(decoding: try folder.read("checkpoint/config.json"), as: UTF8.self)
    let longest = try #require(
      try JSON.parse(config)["max_position_embeddings"]?.intValue)
    let key = "\"rope_parameters\": {"
    try #require(config.contains(key))
    try folder.write(
      "checkpoint/config.json",
      config.replacingOccurrences(of: key, with: key + "\"factor\": 4.0, ")
        .replacingOccurrences(of: "\"default\"", with: "\"dynamic\""))
    let ids = (0...longest).map { 300 + $0 % 1500 }
    let tokens = try folder.write("ids.json", JSON(ids).serialized())
    func generate(_ path: String, _ context: Int, _ options: String...) throws -> Run {
      try Program.run(
        ["generate", path, "--tokens", tokens, "--context", "\(context)", "--max-new-tokens", "2"]
          + options)
    }
    let run = try generate(path, 4 * longest, "--json")
    #expect(run.code == 0 && run.errors == "")
    #expect(try run.json["prompt_tokens"]?.intValue == longest + 1)
    expectRefusal(try generate(path, 4 * longest + 1), 64, "from 1 to \(4 * longest)")
    expectRefusal(try generate(model, longest + 1), 64, "from 1 to \(longest)")
  }

  @Test func penaltiesChangeTheChoice() throws {
    let options = ["--prompt", "In the", "--json", "--max-new-tokens", "30"]
    let plain = try ids(Program.run(["generate", model] + options))
    #expect(Set(plain).count < 25)
    for penalty in ["--presence-penalty", "--frequency-penalty"] {
      let other = try ids(Program.run(["generate", model] + options + [penalty, "100"]))
      #expect(Set(other).count == 30, "no token twice")
      #expect(try ids(Program.run(["generate", model] + options + [penalty, "0"])) == plain)
    }
  }

  @Test func refusals() throws {
    for bias in ["7", "7=", "=1", "-1=2", "a=1", "7=inf", "7=nan"] {
      expectRefusal(try generate("--prompt", "a", "--logit-bias", bias), 64, "--logit-bias")
    }
    expectRefusal(
      try generate("--prompt", "a", "--logit-bias", "7=1", "--logit-bias", "7=2"), 64, "once")
    expectRefusal(try generate("--prompt", "a", "--logit-bias", "2048=1"), 64, "below 2048")
    expectRefusal(try generate("--prompt", "a", "--min-new-tokens", "-1"), 64, "--min-new-tokens")
    expectRefusal(try generate("--prompt", "a", "--presence-penalty", "1e40"), 64, "finite")
  }
}
