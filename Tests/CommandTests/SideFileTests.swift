import Foundation
import JSONCore
import TestSupport
import Testing

/// What the files beside the weights say, in the commands that use it.
@Suite struct SideFileTests {
  let model = Fixtures.folder("doge-nano")

  /// The trained model with other files beside it.
  private func copy(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: model) {
      try FileManager.default.copyItem(
        atPath: model + "/" + name, toPath: folder.path(name))
    }
    for (name, text) in files {
      let path = URL(fileURLWithPath: folder.path(name))
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: path)
    }
    return folder
  }

  @Test func tokensOfTheFilesBesideTheTokenizer() throws {
    let folder = try copy([
      "tokenizer_config.json": #"{"eos_token": "<|im_end|>", "x": NaN, "x": 1}"#,
      "special_tokens_map.json": "{}", "added_tokens.json": #"{"<tool>": 2048}"#,
    ])
    func ids(_ path: String) throws -> JSON? {
      try kibble("tokenize", path, "<tool><|im_end|>", "--json").json["ids"]
    }
    #expect(try ids(folder.path("")) == [0, 2048, 2049])
    let bench = try Workbench()
    let file = bench.path("a.kibble")
    #expect(try kibble("convert", folder.path(""), "-o", file, "--quiet").code == 0)
    #expect(try ids(file) == [0, 2048, 2049])
    let run = try kibble("generate", file, "--prompt", "a<tool>", "--max-new-tokens", "1")
    expectRefusal(run, 65, "'<tool>'")
    expectRefusal(try kibble("chat", file, "--message", "<tool>"), 65, "2048")
    expectRefusal(
      try kibble("perplexity", file, "--text", folder.write("t.txt", "a<tool>b"), "--context", "3"),
      65, "'<tool>'")
    _ = try folder.write("added_tokens.json", "{")
    expectRefusal(try kibble("tokenize", folder.path(""), "x"), 65, "added_tokens.json")
  }

  @Test func templatesWithNames() throws {
    let folder = try copy([
      "chat_template.jinja": "D{{ messages|length }}",
      "additional_chat_templates/tool_use.jinja": "T{{ tools|length }}",
      "additional_chat_templates/rag.jinja": "R", "additional_chat_templates/notes.txt": "x",
    ])
    let lines = try folder.write(
      "c.jsonl",
      #"{"messages": [{"role": "user"}]}"# + "\n"
        + #"{"messages": [{"role": "user"}], "tools": [{"name": "f"}]}"#)
    let bench = try Workbench()
    let file = bench.path("a.kibble")
    let copy = bench.path("copy")
    #expect(try kibble("convert", folder.path(""), "-o", file, "--quiet").code == 0)
    #expect(try kibble("check", file, "--quiet").code == 0)
    #expect(try kibble("export", file, "-o", copy, "--quiet").code == 0)
    #expect(try kibble("export", file, "-o", copy, "--quiet", "--force").code == 0)
    for path in [folder.path(""), file, copy] {
      let run = try kibble("render", path, "--jsonl", lines)
      #expect(run.output == "{\"rendered\":\"D1\"}\n{\"rendered\":\"T1\"}\n", "\(path)")
      let named = try kibble("render", path, "--jsonl", lines, "--template", "rag")
      #expect(named.output == "{\"rendered\":\"R\"}\n{\"rendered\":\"R\"}\n")
      expectRefusal(
        try kibble("render", path, "--jsonl", lines, "--template", "nix"), 66, "'tool_use'")
    }
    expectRefusal(try kibble("chat", file, "--message", "x", "--template", "a b"), 66, "'a b'")
    // A name that no blob can have.
    _ = try Data("x".utf8).write(
      to: URL(fileURLWithPath: folder.path("additional_chat_templates/a b.jinja")))
    expectRefusal(
      try kibble("convert", folder.path(""), "-o", bench.path("b.kibble")), 69, "a b.jinja")
  }

  /// Without a default one, conversations without tools have none.
  @Test func templatesWithoutADefault() throws {
    let folder = try copy(["additional_chat_templates/tool_use.jinja": "T"])
    try FileManager.default.removeItem(atPath: folder.path("chat_template.jinja"))
    let lines = try folder.write(
      "c.jsonl",
      #"{"messages": [{"role": "user"}]}"# + "\n"
        + #"{"messages": [{"role": "user"}], "tools": [{"name": "f"}]}"#)
    let run = try kibble("render", folder.path(""), "--jsonl", lines)
    #expect(run.code == 0 && run.output.contains("no chat template 'default'"))
    #expect(run.output.hasSuffix("{\"rendered\":\"T\"}\n"))
    expectRefusal(try kibble("chat", folder.path(""), "--message", "x"), 66, "'tool_use'")
  }

  @Test(arguments: ["", "--greedy", "--temperature=0.7 --top-k=5"])
  func optionsReplaceTheFilesValues(_ options: String) throws {
    let folder = try copy(["generation_config.json": #"{"temperature": 0.0, "top_k": -1}"#])
    let run = try Program.run(
      ["generate", folder.path(""), "--prompt", "In the", "--max-new-tokens", "3"]
        + options.split(separator: " ").map(String.init))
    #expect(run.code == 0, "\(run.errors)")
  }

  @Test func paddedVocabulary() throws {
    // The last tokens of the vocabulary have no merges that need them.
    let json = try JSON.parse(fileBytes(model + "/tokenizer.json"))
    var file = try #require(json.objectValue)
    var bpe = try #require(json["model"]?.objectValue)
    let vocabulary = try #require(bpe["vocab"]?.objectValue)
    let kept = vocabulary.members.filter { ($0.value.intValue ?? 0) < 1000 }
    let names = Set(kept.map(\.key))
    bpe["vocab"] = .object(JSONObject(kept.map { ($0.key, $0.value) }))
    bpe["merges"] = .array(
      (bpe["merges"]?.arrayValue ?? []).filter { merge in
        let parts =
          merge.arrayValue?.compactMap(\.stringValue)
          ?? merge.stringValue?.split(separator: " ").map(String.init) ?? []
        return names.contains(parts.joined()) && parts.allSatisfy(names.contains)
      })
    file["model"] = .object(bpe)
    let folder = try copy(["tokenizer.json": JSON.object(file).serialized()])
    let run = try kibble(
      "generate", folder.path(""), "--prompt", "In the", "--max-new-tokens", "40",
      "--temperature", "5", "--seed", "18446744073709551615", "--json")
    #expect(run.code == 0)
    let ids = try (run.json["ids"]?.arrayValue ?? []).compactMap(\.intValue)
    #expect(ids.count == 40 && ids.contains { $0 >= 1000 })
    #expect(try run.json["seed"]?.numberValue?.text == "18446744073709551615")
    #expect(run.errors.split(separator: "no token has the id").count == 2, "once")
    let decoded = try kibble("tokenize", folder.path(""), "--decode", "72", "1999", "73")
    #expect(decoded.output == "ab\n" && decoded.errors.contains("1999"))
  }

  @Test func textThatIsNotUTF8() throws {
    let program = try #require(Program.path)
    for (command, offset) in [
      ("generate '\(model)' --prompt -", 5), ("chat '\(model)' --message -", 5),
      ("tokenize '\(model)' -", 5), ("chat '\(model)' --max-new-tokens 1", 5),
    ] {
      let script = "printf '/a\\nab\\377c\\n' | '\(program)' \(command)"
      expectRefusal(try Child(["-c", script], program: "sh").wait(), 65, "offset \(offset)")
    }
    let script = "printf '{\"text\": \"a\\377\"}' | '\(program)' tokenize '\(model)' --jsonl -"
    expectRefusal(try Child(["-c", script], program: "sh").wait(), 65, "line 1")
  }

  @Test func seedsHave64Bits() throws {
    for seed in ["18446744073709551616", "-1", "x", "1.0"] {
      expectRefusal(
        try kibble("generate", model, "--prompt", "a", "--seed", seed), 64,
        "from 0 to 18446744073709551615")
    }
    let verified = try kibble(
      "verify", model, model, "--random", "3", "--seed", "18446744073709551615", "--json")
    #expect(verified.code == 0)
  }

  /// A hint names no option that the command doesn't have.
  @Test func hintsCanBeFollowed() throws {
    let folder = try TemporaryFolder()
    let short = try folder.write("t.txt", "a b")
    let quantized = try kibble(
      "quantize", model, "-o", folder.path("o"), "--type", "int4", "--method", "gptq",
      "--calibration", short)
    expectRefusal(quantized, 65, "Give a longer text.")
    #expect(!quantized.errors.contains("--context"))
    expectRefusal(
      try kibble("perplexity", model, "--text", short, "--context", "2"), 64, "from 3 to")
    #expect(
      try kibble("perplexity", model, "--text", short, "--context", "2", "--scored", "all").code
        == 0)
    expectRefusal(try kibble("perplexity", model, "--text", short), 65, "smaller --context")
  }
}
