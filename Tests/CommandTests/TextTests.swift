import Foundation
import JSONCore
import TestSupport
import Testing

/// The commands that take and give text, on the small trained model.
@Suite struct TextTests {
  let model = Fixtures.folder("doge-nano")

  /// The objects of a run, one in each line.
  private func lines(_ run: Run) throws -> [JSON] {
    try run.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
  }

  private func ids(_ text: String) throws -> JSON {
    try #require(try kibble("tokenize", model, text, "--json").json["ids"])
  }

  @Test func tokenizeAndBack() throws {
    let run = try kibble("tokenize", model, "In the beginning, ünïcödé 🐕", "--json")
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    #expect(json.keys.isSuperset(of: ["ids", "pieces", "offsets", "text"]))
    let ids = (json["ids"]?.arrayValue ?? []).compactMap { $0.intValue }
    #expect(ids.first == 0 && ids.count > 5)
    let back = try Program.run(["tokenize", model, "--decode"] + ids.map(String.init) + ["--json"])
    #expect(try back.json["text"] == "<|begin_of_text|>In the beginning, ünïcödé 🐕")
    let plain = try kibble("tokenize", model, "In the", "--no-special-tokens", "--json").json
    #expect(plain["ids"]?.arrayValue?.first?.intValue != 0)
    let table = try kibble("tokenize", model, "In the")
    #expect(table.output.contains("<|begin_of_text|>") && table.output.contains("tokens"))
  }

  @Test func aFolderWithoutWeightsHasATokenizer() throws {
    let folder = try TemporaryFolder()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: model + "/tokenizer.json"))
    try bytes.write(to: URL(fileURLWithPath: folder.path("tokenizer.json")))
    let run = try kibble("tokenize", folder.path(""), "In the", "--json")
    #expect(try run.json["ids"] == (try ids("In the")))
    try FileManager.default.removeItem(atPath: folder.path("tokenizer.json"))
    expectRefusal(try kibble("tokenize", folder.path(""), "x"), 66, "tokenizer.json")
  }

  @Test func argumentsAreUTF8() throws {
    let program = try #require(Program.path)
    let script = "exec '\(program)' tokenize '\(model)' \"$(printf 'a\\377b')\""
    expectRefusal(try Child(["-c", script], program: "sh").wait(), 64, "argument 3")
  }

  @Test func tokenizeRefusals() throws {
    expectRefusal(try kibble("tokenize", model), 64, "TEXT")
    expectRefusal(try kibble("tokenize", model, "a", "b"), 64, "b")
    expectRefusal(try kibble("tokenize", model, "--decode", "x"), 64, "x")
    let bytes = try Program.run(["tokenize", model, "-"], input: "text")
    #expect(bytes.code == 0)
  }

  @Test func manyTexts() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "a.jsonl", #"{"text": "In the"}"# + "\n\n" + #"{"text": ""}"# + "\n")
    let run = try kibble("tokenize", model, "--jsonl", file)
    #expect(run.code == 0 && run.errors == "")
    let found = try lines(run)
    #expect(found.count == 2)
    #expect(found.first?["ids"] == (try ids("In the")))
    #expect(found.first?["decoded"] == "<|begin_of_text|>In the")
    let bad = try folder.write("bad.jsonl", #"{"text": "a"}"# + "\n" + #"{"txt": "b"}"#)
    let refused = try kibble("tokenize", model, "--jsonl", bad, "--json")
    #expect(refused.code == 65)
    #expect(try refused.error["message"]?.stringValue?.contains("line 2") == true)
  }

  @Test func render() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "chats.jsonl",
      #"{"messages": [{"role": "user", "content": " Hi "}], "add_generation_prompt": true}"# + "\n"
        + #"{"messages": [{"role": "user"}]}"# + "\n")
    let run = try kibble("render", model, "--jsonl", file)
    #expect(run.code == 0 && run.errors == "")
    let found = try lines(run)
    let text = try #require(found.first?["rendered"]?.stringValue)
    #expect(text.hasPrefix("<|begin_of_text|>") && text.contains("Hi"))
    #expect(text.hasSuffix("assistant<|end_header_id|>\n"))
    #expect(found.count == 2)
  }

  @Test(arguments: ["source", "int8", "int4"])
  func generate(type: String) throws {
    let bench = try Workbench()
    let file = bench.path("nano.kibble")
    #expect(try kibble("convert", model, "-o", file, "--type", type, "--quiet").code == 0)
    let arguments = [
      "generate", file, "--prompt", "In the beginning", "--max-new-tokens", "12", "--seed", "5",
      "--temperature", "0.8",
    ]
    let run = try Program.run(arguments + ["--json"])
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    let keys: Set = ["ids", "text", "log_probabilities", "stop_reason", "seed", "prompt_tokens"]
    #expect(json.keys.isSuperset(of: keys))
    #expect(json["ids"]?.arrayValue?.count == json["log_probabilities"]?.arrayValue?.count)
    // The same seed gives the same text, and every form shows it.
    let text = try Program.run(arguments)
    #expect(text.code == 0 && text.output == (json["text"]?.stringValue ?? "") + "\n")
    #expect(text.errors.contains("tok/s"))
    let events = try lines(Program.run(arguments + ["--jsonl"]))
    #expect(events.last?["event"] == "end" && events.last?["ids"] == json["ids"])
    let pieces = events.dropLast().compactMap { $0["text"]?.stringValue }
    #expect(pieces.joined() == json["text"]?.stringValue)
  }

  @Test func manyPrompts() throws {
    let folder = try TemporaryFolder()
    let prompts = ["In the", "A", "In the beginning was the word", "Where"]
    let file = try folder.write(
      "prompts.jsonl",
      prompts.map { (["prompt": .string($0)] as JSON).serialized() }.joined(separator: "\n\n"))
    let options = ["--max-new-tokens", "9", "--temperature", "0.8", "--jsonl", "--quiet"]
    let run = try Program.run(
      ["generate", model, "--prompts", file, "--seed", "7", "--batch", "3"] + options)
    #expect(run.code == 0 && run.errors == "")
    let events = try lines(run)
    for (index, prompt) in prompts.enumerated() {
      let own = events.filter { $0["index"] == JSON(index) }
      let alone = try lines(
        Program.run(
          ["generate", model, "--prompt", prompt, "--seed", String(7 + index)] + options))
      #expect(own.count == alone.count)
      for key in ["event", "id", "ids", "text", "prompt", "seed", "stop_reason"] {
        #expect(own.map { $0[key] } == alone.map { $0[key] })
      }
    }
    let plain = try Program.run(["generate", model, "--prompts", file])
    #expect(plain.code == 64 && plain.errors.contains("--jsonl"))
    let lookup = try Program.run(
      ["generate", model, "--prompts", file, "--jsonl", "--lookup", "3"])
    #expect(lookup.code == 64 && lookup.errors.contains("--lookup"))
    let long = (["prompt": .string(String(repeating: "so ", count: 3000))] as JSON).serialized()
    let tooLong = try folder.write("long.jsonl", #"{"prompt": "a"}"# + "\n" + long)
    let full = try kibble("generate", model, "--prompts", tooLong, "--jsonl")
    #expect(full.code == 65 && full.output == "" && full.errors.contains("line 2"))
    let twice = try folder.write("twice.jsonl", #"{"prompt": "<|begin_of_text|>a"}"#)
    let warned = try kibble(
      "generate", model, "--prompts", twice, "--jsonl", "--max-new-tokens", "1")
    #expect(warned.code == 0 && warned.errors.contains("--no-bos"))
    let bad = try folder.write("bad.jsonl", #"{"prompt": "a"}"# + "\n" + #"{"promt": "b"}"#)
    let refused = try kibble("generate", model, "--prompts", bad, "--jsonl")
    #expect(refused.code == 65 && refused.output == "" && refused.errors.contains("line 2"))
  }

  @Test func greedyIsTheSameFromTheCheckpoint() throws {
    let bench = try Workbench()
    let file = bench.path("nano.kibble")
    #expect(try kibble("convert", model, "-o", file, "--quiet").code == 0)
    let options = ["--prompt", "In the", "--max-new-tokens", "20", "--greedy", "--json"]
    let runs = try [model, file].map { try Program.run(["generate", $0] + options).json["ids"] }
    #expect(runs[0] != nil && runs[0] == runs[1])
  }

  @Test func stopText() throws {
    let options = ["--prompt", "In the", "--max-new-tokens", "30", "--json"]
    let whole = try Program.run(["generate", model] + options).json["text"]?.stringValue ?? ""
    let words = whole.split(separator: " ")
    let stop = String(try #require(words.dropFirst(2).first { $0.count > 2 }))
    let json = try Program.run(["generate", model] + options + ["--stop", stop]).json
    #expect(json["stop_reason"] == "stop-text")
    #expect(json["text"]?.stringValue.map { whole.hasPrefix($0) && !$0.contains(stop) } == true)
  }

  @Test func compare() throws {
    let bench = try Workbench()
    let file = bench.path("int4.kibble")
    #expect(try kibble("convert", model, "-o", file, "--type", "int4", "--quiet").code == 0)
    let arguments = [
      "generate", model, "--compare", file, "--prompt", "In the", "--max-new-tokens", "60",
    ]
    let json = try Program.run(arguments + ["--json"]).json
    let (first, second) = (json["first"]?["ids"]?.arrayValue, json["second"]?["ids"]?.arrayValue)
    let parting = try #require(json["parting"])
    let step = try #require(parting["step"]?.intValue)
    #expect(first?.prefix(step) == second?.prefix(step) && first?[step] != second?[step])
    #expect(parting["first"]?["id"] == first?[step])
    let same = try Program.run(
      ["generate", model, "--compare", model, "--prompt", "In the", "--json"]
    ).json
    #expect(same["parting"] == .null)
    let text = try Program.run(arguments)
    #expect(text.code == 0 && text.output.contains("│") && text.output.contains("first model"))
  }

  @Test func chatOnce() throws {
    let arguments = [
      "chat", model, "--message", "What does \"river\" mean?", "--max-new-tokens", "20",
      "--temperature", "0.8", "--top-p", "0.9", "--repetition-penalty", "1.0", "--seed", "1",
    ]
    let json = try Program.run(arguments + ["--json"]).json
    // One beginning-of-text token, not two.
    #expect(json["prompt"]?.stringValue?.hasPrefix("<|begin_of_text|><|start") == true)
    let ids = try #require(json["ids"]?.arrayValue)
    #expect(!ids.isEmpty && ids.count <= 20)
    let text = try Program.run(arguments)
    #expect(text.code == 0 && text.output == (json["text"]?.stringValue ?? "") + "\n")
  }

  /// The second turn's prompt has the first turn's answer, and its cache.
  @Test func conversation() throws {
    let input = "What is a river?\n/reset\n/nothing\n\nWhat is a king?\nAnd a queen?\n"
    let run = try Program.run(
      ["chat", model, "--max-new-tokens", "8", "--system", "Be brief."], input: input)
    #expect(run.code == 65, "\(run.errors)")
    #expect(run.output.split(separator: "\n", omittingEmptySubsequences: false).count >= 4)
    #expect(run.errors.contains("/nothing"))
    let summaries = run.errors.split(separator: "\n").filter { $0.contains("tok/s") }
    #expect(summaries.count == 3)
  }

  @Test func aFullContextInChatGoesOn() throws {
    let input = (1...6).map { "What is number \($0)?" }.joined(separator: "\n") + "\n"
    let run = try Program.run(
      ["chat", model, "--max-new-tokens", "8", "--context", "64", "--system", "Be kind."],
      input: input)
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.errors.contains("the context of 64 tokens is full: the oldest turn is left out"))
    #expect(run.errors.split(separator: "\n").filter { $0.contains("tok/s") }.count == 6)
  }

  @Test func generationRefusals() throws {
    expectRefusal(try kibble("generate", model), 64, "--prompt")
    let prompt = ["generate", model, "--prompt", "a"]
    expectRefusal(try Program.run(prompt + ["--temperature", "0"]), 64, "--temperature")
    expectRefusal(try Program.run(prompt + ["--top-p", "1.5"]), 64, "--top-p")
    expectRefusal(try Program.run(prompt + ["--context", "99999"]), 64, "--context")
    expectRefusal(try Program.run(prompt + ["--context", "1"]), 65, "context")
    let silent = try kibble("chat", model, "--json")
    #expect(silent.code == 64)
    #expect(try silent.error["message"]?.stringValue?.contains("--message") == true)
  }

  @Test func theContextEndsWithASentence() throws {
    let run = try kibble(
      "generate", model, "--prompt", "In the", "--context", "12", "--max-new-tokens", "50", "--json"
    )
    #expect(run.code == 0)
    #expect(try run.json["stop_reason"] == "context")
    #expect(run.errors.contains("context of 12 tokens"))
  }

  /// A text calibrates as the ids of its windows do.
  @Test func calibrationFromText() throws {
    let bench = try Workbench()
    let words = String(
      repeating: "In the beginning was the word. The river and the king. ", count: 60)
    let text = try bench.folder.write("text.txt", words)
    let ids = try kibble("tokenize", model, words, "--no-special-tokens", "--json").json["ids"]
    let plain = try #require(ids?.arrayValue)
    try #require(plain.count >= 511)
    let windows = stride(from: 0, through: plain.count - 511, by: 511).map { start in
      JSON.array([0] + plain[start..<start + 511])
    }
    let tokens = try bench.folder.write("ids.json", JSON.array(windows).serialized())
    for (name, calibration) in [("a", text), ("b", tokens)] {
      let run = try kibble(
        "quantize", model, "-o", bench.path(name), "--type", "int4", "--method", "gptq",
        "--calibration", calibration, "--quiet")
      #expect(run.code == 0, "\(run.errors)")
    }
    #expect(try fileBytes(bench.path("a")) == fileBytes(bench.path("b")))
  }

  /// The model's own text is the default, and its recipe can be replayed without it.
  @Test func calibrationByTheModelItself() throws {
    let bench = try Workbench()
    func quantize(_ name: String, _ options: String...) throws -> Run {
      try Program.run(
        ["quantize", bench.checkpoint, "-o", bench.path(name), "--quiet"] + options)
    }
    let gptq = ["--type", "int4", "--method", "gptq"]
    let recipe = bench.path("recipe.json")
    let first = try Program.run(
      ["quantize", bench.checkpoint, "-o", bench.path("a"), "--save-recipe", recipe, "--quiet"]
        + gptq)
    #expect(first.code == 0, "\(first.errors)")
    #expect(try quantize("b", "--recipe", recipe).code == 0)
    #expect(try quantize("c", "--recipe", recipe, "--calibration", "self").code == 0)
    for name in ["b", "c"] {
      #expect(try fileBytes(bench.path(name)) == fileBytes(bench.path("a")))
    }
    let calibration = try JSON.parse(fileBytes(recipe))["calibration"]
    #expect(calibration?["sequences"] == 96)
    // It is written only if its result has a place.
    expectRefusal(
      try Program.run(["quantize", bench.checkpoint, "-o", bench.path("a"), "--quiet"] + gptq), 73)
  }

  @Test func perplexity() throws {
    let folder = try TemporaryFolder()
    let text = String(
      repeating: "In the beginning God created the heaven and the earth. ", count: 40)
    let file = try folder.write("text.txt", text)
    let run = try kibble("perplexity", model, "--text", file, "--context", "64", "--json")
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    let loss = try #require(json["nll"]?.doubleValue)
    #expect(abs((json["ppl"]?.doubleValue ?? 0) - exp(loss)) < 1e-9 * exp(loss))
    let windows = try #require(json["windows"]?.intValue)
    #expect(json["tokens"]?.intValue == windows * 31 && json["scored"] == "second-half")
    let all = try kibble(
      "perplexity", model, "--text", file, "--context", "64", "--scored", "all", "--json"
    ).json
    #expect(all["tokens"]?.intValue == windows * 63)
    let verify = try kibble(
      "verify", model, model, "--text", file, "--context", "64", "--json"
    ).json
    #expect(verify["ppl"]?["reference"] == json["ppl"])
    #expect(verify["tokens"]?.intValue == windows * 64)
    #expect(try kibble("perplexity", model, "--text", file).output.contains("perplexity"))
    expectRefusal(try kibble("perplexity", model), 64, "--text")
    let short = try folder.write("short.txt", "In")
    expectRefusal(try kibble("perplexity", model, "--text", short), 65, "511")
  }
}
