import Foundation
import JSONCore
import TestSupport
import Testing

/// `verify` as an instrument: what it measures, judges and says.
@Suite struct VerifyTests {
  let bench: Workbench
  /// The checkpoint as int8 and int4.
  let files: [String]
  let tokens: String

  init() throws {
    let bench = try Workbench(checkpoint: Fixtures.folder("doge-nano"))
    self.bench = bench
    files = try ["int8", "int4"].map { try bench.convert("\($0).kibble", "--type", $0) }
    tokens = try bench.folder.write("tokens.json", "[[1, 2, 3, 4, 5, 6, 7, 8, 9], [10, 11, 12]]")
  }

  private func verify(_ arguments: String...) throws -> Run {
    try Program.run(["verify", bench.checkpoint] + arguments + ["--tokens", tokens, "--quiet"])
  }

  // MARK: what is measured

  /// All figures, from dumps of `logits`, by another program.
  @Test(.enabled(if: Python.withNumPy != nil), arguments: [0, 1])
  func figuresEqualThoseOfNumPy(_ file: Int) throws {
    let program = try #require(Program.path)
    let script = Fixtures.repository.appending(path: "Tests/Regression/verify_statistics.py").path
    let ids = (0..<260).map { ($0 * 377 + $0 * $0 * 13) % 2048 }
    let text = try bench.folder.write("ids.json", "[\(ids.dropLast(60)), \(ids.suffix(60))]")
    let run = try Python.run(["-B", script, program, bench.checkpoint, files[file], text])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("fast: ") && run.output.contains("figures"), "\(run.output)")
  }

  @Test func severalCandidates() throws {
    let run = try verify(files[0], files[1], bench.checkpoint, "--json")
    #expect(run.code == 0)
    let rows = try #require(try run.json["candidates"]?.arrayValue)
    #expect(rows.map { $0["candidate"]?.stringValue } == files + [bench.checkpoint])
    for (file, row) in zip(files, rows) {
      let alone = try verify(file, "--json").json
      #expect(row.keys.isSubset(of: alone.keys))
      for key in ["kld", "fast", "worst", "ppl", "top1_agreement", "by_position"] {
        #expect(row[key] == alone[key], "\(key)")
      }
    }
    #expect(rows[2]["kld"]?["max"]?.doubleValue == 0)
    let table = try verify(files[0], files[1]).output
    let words = table.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.components(separatedBy: "not judged").count == 3)
  }

  @Test func layers() throws {
    let json = try verify(files[0], "--layers", "--json").json
    let layers = try #require(json["layers"]?.arrayValue)
    let names = (0..<4).flatMap { ["layers.\($0).attention", "layers.\($0).feed_forward"] }
    #expect(layers.map { $0["name"]?.stringValue } == ["embedding"] + names)
    let keys: Set = ["name", "relative_error", "cosine", "sqnr_db", "max_abs_diff", "own_error"]
    for layer in layers {
      #expect(layer.keys.isSuperset(of: keys))
      #expect((0.0001...0.1).contains(layer["relative_error"]?.doubleValue ?? 0))
      #expect(layer["by_position"]?.arrayValue?.count == 5)
    }
    #expect(json["first_divergence"] == .null && json["fast"]?["layers"] != nil)
    #expect(try verify(files[0], "--json").json["layers"] == nil)
    let same = try verify(bench.checkpoint, "--layers", "--json").json
    let errors = same["layers"]?.arrayValue?.map { $0["relative_error"]?.doubleValue }
    #expect(errors == [Double?](repeating: 0, count: 9))
  }

  @Test(arguments: ["tensor", "kind", "layer"]) func ablation(_ unit: String) throws {
    let json = try verify(files[1], "--ablate", unit, "--mode", "exact", "--json").json
    let parts = try #require(json["ablation"]?.arrayValue)
    let costs = parts.compactMap { $0["kld"]?.doubleValue }
    // The embedding, and of each of four blocks the seven matrices.
    #expect(costs.count == ["tensor": 29, "kind": 8, "layer": 5][unit])
    #expect(costs == costs.sorted(by: >) && costs.allSatisfy { $0 > 0 })
    #expect(json["ablation_whole"]?.doubleValue == json["kld"]?["mean"]?.doubleValue)
    let sum = try #require(json["ablation_sum"]?.doubleValue)
    #expect(abs(sum - costs.reduce(0, +)) < 1e-12)
  }

  @Test func selfTests() throws {
    func results(_ checkpoint: String, _ candidate: String) throws -> [String: JSON] {
      let run = try Program.run(
        ["verify", checkpoint, candidate, "--random", "40", "--self-test", "--json"])
      #expect(run.code == 0)
      let tests = try run.json["self_test"]?.arrayValue ?? []
      return Dictionary(uniqueKeysWithValues: tests.map { ($0["name"]?.stringValue ?? "", $0) })
    }
    let dense = try results(bench.checkpoint, files[0])
    #expect(
      dense.keys.sorted() == ["causality", "checksums", "noise_floor", "stepwise", "threads"])
    #expect(dense.values.allSatisfy { $0["passed"] == true })
    let experts = Fixtures.folder("reference/e6-moe")
    let mixed = try results(experts, experts)
    for name in ["causality", "stepwise", "checksums"] {
      #expect(mixed[name]?["passed"] == .null && mixed[name]?["note"]?.stringValue != nil)
    }
    #expect(mixed["noise_floor"]?["passed"] == true && mixed["threads"]?["passed"] == true)
    let text = try kibble("verify", experts, experts, "--random", "9", "--self-test").output
    #expect(text.contains("causality: hf routing mixes the tokens of a call"))
  }

  // MARK: what is judged

  @Test func aLimitReplacesThatOfAPreset() throws {
    let json = try verify(files[1], "--gate", "int4", "--max-mean-kld", "9", "--json").json
    let gates = try #require(json["gates"]?.arrayValue)
    #expect(gates.map { $0["name"]?.stringValue } == ["max_mean_kld", "min_top1"])
    #expect(gates[0]["limit"]?.doubleValue == 9)
  }

  @Test(arguments: ["int8", "int6", "int5", "int4", "int3", "int2"]) func presets(_ name: String)
    throws
  {
    #expect(try verify(bench.checkpoint, "--gate", name).code == 0)
    let failed = try verify(files[1], "--gate", name, "--max-mean-kld", "0")
    #expect(failed.code == 1 && failed.output.contains("FAILED: max_mean_kld"))
  }

  @Test func whatWasNotMeasuredCannotPass() throws {
    let without = try verify(files[0], "--max-layer-error", "1000")
    #expect(without.code == 1 && without.output.contains("not measured"))
    #expect(try verify(files[0], "--layers", "--max-layer-error", "1").code == 0)
    #expect(try verify(files[0], "--layers", "--max-layer-error", "0.000001").code == 1)
  }

  @Test func baseline() throws {
    func report(_ file: String, _ options: String...) throws -> String {
      let run = try Program.run(
        ["verify", bench.checkpoint, file, "--json", "--quiet"] + options)
      return try bench.folder.write("report\(options.count).json", run.output)
    }
    let int4 = try report(files[1], "--random", "200")
    func judge(_ file: String, _ baseline: String, _ options: String...) throws -> Run {
      try Program.run(
        ["verify", bench.checkpoint, file, "--baseline", baseline, "--json", "--quiet"] + options)
    }
    // Equal to it, and better.
    for file in files.reversed() {
      let run = try judge(file, int4, "--random", "200")
      #expect(run.code == 0)
      #expect(try run.json["baseline"] == ["path": .string(int4), "passed": true])
    }
    // Earlier versions wrote checksums as numbers.
    let text = String(decoding: try fileBytes(int4), as: UTF8.self)
    let former = text.replacing(/"crc32":"([0-9a-f]{8})"/) {
      "\"crc32\":\(UInt32($0.1, radix: 16) ?? 0)"
    }
    #expect(former != text)
    let numbers = try bench.folder.write("former.json", former)
    #expect(try judge(files[1], numbers, "--random", "200").code == 0)
    let int8 = try report(files[0], "--random", "200")
    let worse = try judge(files[1], int8, "--random", "200")
    #expect(worse.code == 1)
    #expect(try worse.json["baseline"]?["passed"] == false)
    // Other tokens, another reference, no report, no figures of a mode.
    expectBaselineRefusal(try judge(files[0], int8, "--random", "201"), "other tokens")
    let other = try Program.run([
      "verify", files[1], files[0], "--baseline", int8, "--random", "200", "--json", "--quiet",
    ])
    expectBaselineRefusal(other, "another reference")
    expectBaselineRefusal(try judge(files[0], tokens, "--random", "200"), "no report")
    let exact = try report(files[0], "--random", "200", "--mode", "exact")
    expectBaselineRefusal(try judge(files[0], exact, "--random", "200"), "fast")
  }

  private func expectBaselineRefusal(_ run: Run, _ mentioned: String) {
    #expect(run.code == 65 && run.output == "" && run.errors.contains(mentioned), "\(run.errors)")
  }

  @Test func modelsThatAreNoVersionsOfOneAnother() throws {
    let copy = bench.path("copy")
    try FileManager.default.copyItem(atPath: bench.checkpoint, toPath: copy)
    let config = copy + "/config.json"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    try (text + "\n").write(toFile: config, atomically: true, encoding: .utf8)
    let run = try Program.run(["verify", bench.checkpoint, copy, "--tokens", tokens, "--json"])
    #expect(run.code == 0 && run.errors.contains("was not made of the files of"))
    #expect(try run.json["warnings"]?.arrayValue?.count == 1)
    let version = try Program.run(["verify", bench.checkpoint, files[0], "--tokens", tokens])
    #expect(!version.errors.contains("warning"))
  }

  // MARK: what is said

  /// Every key of a report that has everything stands in formats/verify-v1.md.
  @Test func everyKeyIsDocumented() throws {
    let report = try verify(
      files[0], "--layers", "--ablate", "kind", "--self-test", "--gate", "int4", "--json"
    ).json
    let path = Fixtures.repository.appending(path: "formats/verify-v1.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    let words = Set(text.matches(of: /[a-z0-9_]+/).map { String($0.output) })
    func keys(_ json: JSON) -> Set<String> {
      let members = json.objectValue?.members ?? []
      // What recipes hold is recipe-v1.md's to say.
      let own = members.filter { $0.key != "recipe" }.reduce(into: Set(members.map(\.key))) {
        $0.formUnion(keys($1.value))
      }
      return (json.arrayValue ?? []).reduce(own) { $0.union(keys($1)) }
    }
    let found = keys(report)
    #expect(found.count > 80)
    // An error is told by its suffix, percentiles of one series by its ends.
    let percentiles: Set = ["p01", "p05", "p10", "p25", "p75"]
    let missing = found.filter {
      !words.contains($0) && !words.contains(String($0.dropLast(3))) && !percentiles.contains($0)
        && !percentiles.contains(String($0.dropLast(3)))
    }
    #expect(missing.isEmpty, "\(missing)")
  }

  @Test func aReportCanBeTraced() throws {
    let json = try verify(files[0], "--json").json
    #expect(json["tool"]?["name"] == "kibble" && json["tool"]?["version"]?.stringValue != nil)
    #expect(json["command"]?.arrayValue?.prefix(2) == ["kibble", "verify"])
    let input = try #require(json["input"])
    #expect(input["kind"] == "tokens" && input["tokens"] == 12 && input["sequences"] == 2)
    #expect(isChecksum(input["crc32"]) && input["seed"] == .null)
    let models = try #require(json["models"]?.arrayValue)
    #expect(models.map { $0["role"]?.stringValue } == ["reference", "candidate"])
    #expect(models[1]["bytes"]?.intValue == (try fileBytes(files[0])).count)
    #expect(models[1]["type"] == "int8" && models[1]["recipe"]?["method"] == "search")
    #expect(models.allSatisfy { isChecksum($0["crc32"]) && $0["layout"] == "current" })
    let random = try Program.run([
      "verify", bench.checkpoint, files[0], "--random", "9", "--seed", "7", "--json",
    ])
    #expect(try random.json["input"]?["seed"] == 7)
  }

  @Test func theBuiltInText() throws {
    let run = try kibble("verify", bench.checkpoint, files[0], "--json", "--quiet")
    let json = try run.json
    #expect(json["input"]?["kind"] == "built-in" && json["ppl"]?["reference"]?.doubleValue != nil)
    // Without a tokenizer the tokens are random, and nothing is said of perplexity.
    let bare = Fixtures.folder("reference/e6-gqa-tied-bf16")
    let random = try kibble("verify", bare, bare)
    #expect(random.code == 0 && random.errors.contains("no model has a tokenizer"))
    #expect(random.output.contains("random tokens") && !random.output.contains("perplexity"))
  }

  @Test func tablesKeepToTheWidth() throws {
    let long = try bench.convert(String(repeating: "a-long-name-", count: 9) + ".kibble")
    for run in [
      try verify(files[0], files[1], long, "--layers", "--ablate", "tensor", "--gate", "int8"),
      try verify(long, "--layers", "--self-test", "--gate", "int8"),
      try kibble("inspect", files[0]), try kibble("inspect", files[0], "--stats", "--quiet"),
      try kibble("demo", "--quiet", "-o", bench.path("demo")),
    ] {
      let wide = run.output.split(separator: "\n").filter { $0.count > 80 }
      #expect(wide.isEmpty, "\(wide)")
      #expect(run.output.split(separator: "\n").count > 3)
    }
    let last = try verify(files[0], "--gate", "int4").output.split(separator: "\n").last
    #expect(last == "passed: 2 of 2 gates kept")
  }

  // MARK: the page

  @Test func page() throws {
    let name = "<script>alert('1')</script>&amp;"
    let folder = bench.path("p")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let checkpoint = folder + "/" + name.replacing("/", with: "_")
    try FileManager.default.copyItem(atPath: bench.checkpoint, toPath: checkpoint)
    let page = bench.path("report.html")
    let arguments = [
      "verify", checkpoint, files[0], "--tokens", tokens, "--layers", "--ablate", "kind", "--gate",
      "int4", "--report", page, "--json", "--quiet",
    ]
    let run = try Program.run(arguments)
    #expect(run.code == 0, "\(run.errors)")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let root = try XMLTree.parse(text)
    #expect(!text.contains("<script") && root.all("h1").first?.text.contains("<script>") == true)
    #expect(root.all("h2").map(\.text).contains("Ablation"))
    // The page holds what --json says; self-tests come with it.
    let json = try run.json
    #expect(try JSON.parse(Array((root.all("pre").last?.text ?? "").utf8)) == json)
    #expect(json["self_test"]?.arrayValue?.count == 5)
    let mean = try #require(json["kld"]?["mean"]).serialized()
    #expect(text.contains(mean))
    // It replaces nothing unasked, and no input ever.
    #expect(try Program.run(arguments).code == 73)
    #expect(try Program.run(arguments + ["--force"]).code == 0)
    let before = try fileBytes(files[0])
    let input = try Program.run(arguments.map { $0 == page ? files[0] : $0 } + ["--force"])
    #expect(input.code != 0)
    #expect(try fileBytes(files[0]) == before)
  }
}
