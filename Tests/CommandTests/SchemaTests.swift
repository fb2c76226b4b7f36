import Foundation
import JSONCore
import TestSupport
import Testing

/// The schemas of formats/schemas.
enum Schemas {
  static let folder = Fixtures.repository.appending(path: "formats/schemas").path

  /// Their names: "convert" and so on.
  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".schema.json") }.map { String($0.dropLast(12)) }.sorted()
  }()

  static func schema(_ name: String) throws -> JSONSchema {
    try JSONSchema(JSON.parse(fileBytes("\(folder)/\(name).schema.json")))
  }
}

/// Runs a command with `--json` and holds its object against its schema.
@discardableResult
func result(
  _ name: String, _ arguments: [String], code: Int = 0,
  location: SourceLocation = #_sourceLocation
) throws -> JSON {
  let run = try Program.run(arguments + ["--json"])
  try #require(run.code == code, "\(run.errors)", sourceLocation: location)
  let json = try run.json
  #expect(json["schema"]?.stringValue == "kibble.\(name)/1", sourceLocation: location)
  try expect(json, as: name, location: location)
  return json
}

/// Checks that a value is as its schema says, and that it would not be if a key were missing or
/// had another kind of value.
func expect(_ value: JSON, as name: String, location: SourceLocation = #_sourceLocation) throws {
  let schema = try Schemas.schema(name)
  let problems = schema.problems(in: value)
  #expect(problems.isEmpty, "\(name): \(problems.prefix(5))", sourceLocation: location)
  guard let object = value.objectValue else { return }
  let required = schema.root["required"]?.arrayValue ?? []
  for member in object.members where schema.root["properties"]?[member.key] != nil {
    var wrong = object
    wrong[member.key] =
      switch member.value {
      case .string, .array: -1.5
      case .null: [0.5]
      default: "?"
      }
    #expect(!schema.accepts(.object(wrong)), "\(name): \(member.key)", sourceLocation: location)
    wrong[member.key] = nil
    let mayLack = !required.contains(.string(member.key))
    #expect(
      mayLack || !schema.accepts(.object(wrong)), "\(name): \(member.key)",
      sourceLocation: location)
  }
}

/// What the program prints and reads is as the schemas say.
@Suite struct SchemaTests {
  private static let nano = Fixtures.folder("doge-nano")
  private let bench: Workbench
  private let tokens: String

  init() throws {
    bench = try Workbench()
    tokens = try bench.folder.write("tokens.json", "[[1, 2, 3, 4, 5], [6, 7]]")
  }

  // MARK: the schemas themselves

  @Test func eachIsOneAndSaysWhatItIsAbout() throws {
    #expect(Schemas.names.count > 30)
    for name in Schemas.names {
      let schema = try Schemas.schema(name)
      #expect(schema.root["$id"]?.stringValue == "urn:kibble:schema:\(name):1")
      #expect(schema.root["title"]?.stringValue != nil)
      #expect(schema.undescribed().isEmpty, "\(name)")
    }
  }

  /// Each name of a schema in the sources has one, and the page lists each.
  @Test func allAreThere() throws {
    let sources = Fixtures.repository.appending(path: "Sources")
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    var named: Set<String> = []
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      for match in try String(contentsOf: file, encoding: .utf8).matches(
        of: /"kibble\.([a-z]+)\/[0-9]/)
      {
        named.insert(String(match.1))
      }
    }
    #expect(named.count > 20 && named.isSubset(of: Schemas.names))
    let page = String(decoding: try fileBytes(Schemas.folder + "/README.md"), as: UTF8.self)
    let listed = page.matches(of: /\(([a-z-]+)\.schema\.json\)/).map { String($0.1) }
    #expect(listed.sorted() == Schemas.names)
  }

  @Test(arguments: [
    #"{"type": "float"}"#, #"{"minLength": 1}"#, ##"{"$ref": "#/$defs/nothing"}"##, "[]",
    #"{"pattern": "("}"#, #"{"properties": {"a": {"if": true}}}"#, #"{"anyOf": []}"#,
  ])
  func unknownKeywordsAreErrors(_ text: String) throws {
    #expect(throws: JSONSchema.Invalid.self) { try JSONSchema(JSON.parse(Array(text.utf8))) }
  }

  // MARK: results

  @Test func conversions() throws {
    let calibration = try bench.folder.write(
      "calibration.json", "[\((0..<64).map { "\($0 * 5)" }.joined(separator: ","))]")
    let checkpoint = bench.checkpoint
    let (source, mixed) = (bench.path("source.kibble"), bench.path("mixed.kibble"))
    try result("convert", ["convert", checkpoint, "-o", source])
    try result("convert", ["convert", checkpoint, "-o", "x", "--type", "int8", "--dry-run"])
    try result(
      "convert",
      [
        "quantize", source, "-o", mixed, "--type", "mixed", "--target-bpw", "6", "--calibration",
        calibration, "--save-recipe", bench.path("recipe.json"), "--quiet",
      ])
    try expect(JSON.parse(bench.folder.read("recipe.json")), as: "recipe")
    for model in [checkpoint, source, mixed, Fixtures.folder("reference/e3-moe-oldnames")] {
      let json = try result("inspect", ["inspect", model])
      if let metadata = json["metadata"], metadata != .null { try expect(metadata, as: "metadata") }
    }
    try result("inspect", ["inspect", Self.nano, "--stats", "--sha256"])
    try result("inspect", ["inspect", Self.nano + "/model.safetensors"])
    try result("check", ["check", mixed])
    try result("diff", ["diff", source, mixed], code: 1)
    try result("diff", ["diff", source, checkpoint, "--headers"])
    try result("diff", ["diff", Self.nano, checkpoint], code: 1)
    try result("pack", ["pack", mixed, "-o", bench.path("packed")])
    try result("inspect", ["inspect", bench.path("packed")])
    try result("unpack", ["unpack", bench.path("packed"), "-o", bench.path("unpacked")])
    try result("export", ["export", mixed, "-o", bench.path("export"), "--verify"])
    try result("export", ["export", mixed, "-o", bench.path("none"), "--dry-run"])
  }

  @Test func comparisons() throws {
    let int8 = try bench.convert("int8.kibble", "--type", "int8")
    let int4 = try bench.convert("int4.kibble", "--type", "int4")
    let verify = ["verify", bench.checkpoint, int8]
    let report = try result("verify", verify + ["--random", "40"])
    let baseline = try bench.folder.write("baseline.json", report.serialized())
    let all = [
      "--random", "40", "--layers", "--ablate", "layer", "--self-test", "--min-top1", "0",
      "--max-layer-error", "9", "--baseline", baseline,
    ]
    try result("verify", verify + all)
    try result("verify", verify + [int4, "--max-kld", "0"], code: 1)
    let single = try bench.folder.write("single.json", "[[3], [4]]")
    try result("verify", verify + ["--tokens", single, "--mode", "fast"])
    let golden = bench.path("golden.safetensors")
    try result(
      "logits", ["logits", bench.checkpoint, "--tokens", tokens, "--hidden", "-o", golden])
    try result("verify", ["verify", "--golden", golden, int8])
    let rows = try result("recommend", ["recommend", bench.checkpoint, "--tokens", tokens])
    try result(
      "recommend", ["recommend", bench.checkpoint, "--tokens", tokens, "--max-size", "10"])
    let points = try bench.folder.write("points.json", rows.serialized())
    try expect(rows, as: "points")
    try result("plot", ["plot", points, "-o", bench.path("plot.svg")])
    try result("demo", ["demo", Self.nano, "-o", bench.path("demo"), "--tokens", tokens])
  }

  @Test func texts() throws {
    let int4 = bench.path("int4.kibble")
    try result("convert", ["convert", Self.nano, "-o", int4, "--type", "int4"])
    let generate = ["generate", Self.nano, "--prompt", "In the", "--max-new-tokens", "4"]
    let chat = ["chat", Self.nano, "--message", "hi", "--max-new-tokens", "4"]
    try result("generate", generate + ["--lookup", "3"])
    try result("generate", chat)
    try result("compare", generate + ["--compare", int4])
    try result("perplexity", ["perplexity", Self.nano, "--tokens", tokens])
    try result("tokenize", ["tokenize", Self.nano, "Hello, \"world\""])
    try result("tokenize", ["tokenize", Self.nano, "--decode", "1", "2"])
    try lines("generate-event", Program.run(generate + ["--jsonl"]))
    try lines("generate-event", Program.run(chat + ["--jsonl"]))
    let prompts = try input("generate-input", #"{"prompt": "In the"}"#)
    try lines(
      "generate-event",
      kibble("generate", Self.nano, "--prompts", prompts, "--jsonl", "--max-new-tokens", "2"))
    let texts = try input("tokenize-input", #"{"text": "a text"}"#)
    try lines("tokenize-output", kibble("tokenize", Self.nano, "--jsonl", texts))
    let chats = try input(
      "render-input", #"{"messages": [{"role": "user", "content": "hi"}], "variables": {}}"#,
      #"{"messages": ["hi"], "add_generation_prompt": true}"#)
    try lines("render-output", kibble("render", Self.nano, "--jsonl", chats))
    let questions = try input(
      "score-input", #"{"context": "a", "choices": [" b", " c"], "answer": 1}"#,
      #"{"context": ["a", ""], "choices": [" b", " c"], "answer": null}"#)
    for models in [[Self.nano], [Self.nano, int4]] {
      let score = ["score"] + models + ["--jsonl", questions]
      try result("score", score)
      try lines("score-output", Program.run(score))
    }
  }

  @Test func theProgramItself() throws {
    let version = try result("version", ["--version"])["version"]
    let help = try result("help", ["help"])
    try result("help", ["help", "convert"])
    let doctor = try result("doctor", ["doctor"])
    try result("man", ["man"])
    try result("completions", ["completions", "bash"])
    #expect(version?.stringValue != nil)
    #expect(help["version"] == version && doctor["version"] == version)
    let bench = [
      "bench", bench.checkpoint, "--prefill", "8", "--decode", "2", "--repeat", "1", "--threads",
      "2",
    ]
    try result("bench", bench)
    for arguments in [["inspect", "/no/such"], ["inspect"], ["nothing"]] {
      let run = try Program.run(arguments + ["--json"])
      #expect(run.code != 0 && run.output == "")
      try expect(JSON.parse(Array(run.errors.utf8)), as: "error")
    }
  }

  @Test func warnings() throws {
    let run = try kibble("tokenize", Self.nano, "--decode", "999999", "--json")
    #expect(run.code == 0)
    try expect(JSON.parse(Array(run.errors.utf8)), as: "warning")
  }

  /// Checks the lines that a run printed.
  private func lines(_ name: String, _ run: Run) throws {
    #expect(run.code == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n")
    #expect(!lines.isEmpty)
    for line in lines { try expect(JSON.parse(Array(line.utf8)), as: name) }
  }

  /// Writes a file of lines that are as a schema says.
  private func input(_ name: String, _ lines: String...) throws -> String {
    for line in lines { try expect(JSON.parse(Array(line.utf8)), as: name) }
    return try bench.folder.write("\(name).jsonl", lines.joined(separator: "\n") + "\n")
  }

  // MARK: inputs

  /// What a schema of an input accepts and refuses, the program does, too.
  @Test(arguments: [
    ("gates", #"{"max_mean_kld": 9, "min_top1": 0}"#, true), ("gates", "{}", false),
    ("gates", #"{"max_mean_kld": "9"}"#, false), ("gates", #"{"max_mean": 9}"#, false),
    ("gates", "[]", false), ("tokens", "[1, 2]", true), ("tokens", "[[1], [2, 3]]", true),
    ("tokens", "[]", false), ("tokens", "[[]]", false), ("tokens", "[1, [2]]", false),
    ("tokens", "[-1]", false), ("tokens", "[1.5]", false), ("tokens", #"["1"]"#, false),
    ("tokens", #"{"ids": [1]}"#, false),
    ("points", #"[{"series": "a", "label": "b", "bits_per_weight": 4, "mean_kld": 0.1}]"#, true),
    ("points", #"[{"series": "a", "label": "b", "bits_per_weight": 4, "mean_kld": 0}]"#, false),
    ("points", #"[{"series": "a", "bits_per_weight": 4, "mean_kld": 0.1}]"#, false),
    ("points", "[]", false), ("points", #"{"points": []}"#, false),
    ("recipe", #"{"type": "int4", "rules": []}"#, true),
    ("recipe", #"{"type": "int9", "rules": []}"#, false),
    ("recipe", #"{"type": "int4"}"#, false),
    ("recipe", #"{"type": "int4", "rules": [], "note": "mine"}"#, false),
    ("recipe", #"{"type": "int4", "rules": [], "group_size": 33}"#, false),
    ("recipe", #"{"type": "int4", "rules": [], "max_size": 9}"#, false),
    ("recipe", #"{"type": "int4", "rules": [], "tuning_steps": 1}"#, false),
    ("recipe", #"{"type": "f32", "rules": [{"pattern": "*", "type": "bf16"}]}"#, true),
    ("recipe", #"{"type": "f32", "rules": [{"pattern": "", "type": "bf16"}]}"#, false),
    ("recipe", #"{"type": "f32", "rules": [{"pattern": "*", "type": "mixed"}]}"#, false),
    (
      "recipe", #"{"type": "f32", "rules": [{"pattern": "*", "type": "f16", "group_size": 32}]}"#,
      false
    ),
    ("recipe", #"{"type": "f32", "rules": [{"pattern": "*", "type": "bands"}]}"#, false),
    (
      "recipe", #"{"type": "mixed", "rules": [{"pattern": "*", "type": "f16"}], "max_size": 9}"#,
      true
    ),
    (
      "recipe",
      #"{"type": "mixed", "rules": [], "max_size": 9, "target_bits_per_weight": 4}"#, false
    ),
    ("recipe", #"{"type": "packed", "rules": [], "max_size": 9}"#, false),
    ("recipe", #"{"type": "packed", "rules": [], "method": "gptq"}"#, false),
  ])
  func inputs(_ name: String, _ text: String, _ isAccepted: Bool) throws {
    let text =
      name == "recipe" ? text.replacing("{\"type\": \"", with: Self.head, maxReplacements: 1) : text
    let value = try JSON.parse(Array(text.utf8))
    let problems = try Schemas.schema(name).problems(in: value)
    #expect(problems.isEmpty == isAccepted, "\(problems)")
    let file = try bench.folder.write("input.json", text)
    let checkpoint = bench.checkpoint
    let arguments =
      switch name {
      case "gates": ["verify", checkpoint, checkpoint, "--random", "9", "--gate", file]
      case "tokens": ["logits", checkpoint, "--tokens", file, "-o", bench.path("logits")]
      case "points": ["plot", file, "-o", bench.path("plot.svg")]
      default: ["convert", checkpoint, "--recipe", file, "-o", bench.path("model")]
      }
    let run = try Program.run(arguments)
    #expect(run.code == (isAccepted ? 0 : 65), "\(run.errors)")
  }

  private static let head = #"{"schema": "kibble.recipe/1", "type": ""#

  // MARK: the whole road

  /// A script needs nothing but the JSON of one step for the next.
  @Test func theRoadByJSONAlone() throws {
    let converted = try result(
      "convert", ["convert", Self.nano, "-o", bench.path("source.kibble")])
    let source = try #require(converted["output"]?.stringValue)
    let quantized = try result(
      "convert", ["quantize", source, "-o", bench.path("int8.kibble"), "--type", "int8"])
    let output = try #require(quantized["output"]?.stringValue)
    let checked = try result("check", ["check", output])
    let file = try #require(checked["path"]?.stringValue)
    #expect(checked["passed"] == true && checked["bytes"] == quantized["bytes"])
    let type = try #require(
      quantized["tensors"]?.arrayValue?.compactMap { $0["type"]?.stringValue }
        .first { $0.hasPrefix("int") })
    let verified = try result("verify", ["verify", source, file, "--gate", type])
    #expect(verified["passed"] == true)
    let reference = try #require(verified["reference"]?.stringValue)
    let candidate = try #require(verified["candidate"]?.stringValue)
    let differing = try result("diff", ["diff", reference, candidate], code: 1)
    #expect(differing["identical"] == false)
    let second = try #require(differing["b"]?.stringValue)
    let prompt = try result("tokenize", ["tokenize", second, "In the beginning"])
    let ids = try bench.folder.write("ids.json", try #require(prompt["ids"]).serialized())
    let generated = try result(
      "generate",
      ["generate", second, "--tokens", ids, "--max-new-tokens", "5", "--greedy"])
    #expect(generated["model"]?.stringValue == second)
    #expect(generated["prompt_tokens"]?.intValue == prompt["ids"]?.arrayValue?.count)
    #expect((generated["ids"]?.arrayValue?.count ?? 0) > 0)
  }
}
