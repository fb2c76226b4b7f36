import Foundation
import JSONCore
import TestSupport
import Testing

/// Every command does its work, and the keys that scripts rely on are there.
@Suite struct JSONKeyTests {
  static let conversion: Set<String> = [
    "schema", "output", "bytes", "bits_per_weight", "parameters", "peak_rss_bytes", "seconds",
    "tensors",
  ]
  static let tensor: Set<String> = [
    "name", "shape", "type", "group_size", "bytes", "rmse", "max_abs_error", "sqnr_db", "note",
  ]

  @Test func convertAndQuantize() throws {
    let bench = try Workbench()
    let commands = [
      ["convert", bench.checkpoint, "-o", bench.path("source")],
      ["convert", bench.checkpoint, "-o", bench.path("int8"), "--type", "int8"],
      ["quantize", bench.path("source"), "-o", bench.path("int4"), "--type", "int4"],
    ]
    for command in commands {
      let run = try Program.run(command + ["--json"])
      #expect(run.code == 0 && run.errors == "")
      let json = try run.json
      #expect(json.keys.isSuperset(of: Self.conversion))
      #expect(json["output"]?.stringValue == command[3])
      #expect(json["bytes"]?.intValue == (try fileBytes(command[3])).count)
      #expect(json["parameters"]?.intValue == 132_198)
      #expect((json["peak_rss_bytes"]?.intValue ?? 0) > 1 << 20)
      let tensors = try #require(json["tensors"]?.arrayValue)
      #expect(tensors.count == 47)
      #expect(tensors.allSatisfy { $0.keys.isSuperset(of: Self.tensor) })
      let bytes = tensors.reduce(0) { $0 + ($1["bytes"]?.intValue ?? 0) }
      #expect(json["bits_per_weight"]?.doubleValue == Double(bytes) * 8 / 132_198)
    }
  }

  @Test func convertForPeople() throws {
    let bench = try Workbench()
    let run = try kibble("convert", bench.checkpoint, "-o", bench.path("a.kibble"))
    #expect(run.code == 0)
    #expect(run.output.contains("wrote \(bench.path("a.kibble"))"))
    // Without a terminal: a line for each phase, no control characters.
    #expect(run.errors.contains("reading") && !run.errors.contains("\u{1B}"))
    let quiet = try kibble("convert", bench.checkpoint, "-o", bench.path("b.kibble"), "--quiet")
    #expect(quiet.code == 0 && quiet.output == "" && quiet.errors == "")
  }

  @Test func inspect() throws {
    let bench = try Workbench()
    let file = try bench.convert("a.kibble", "--type", "int4")
    for path in [file, bench.checkpoint] {
      let run = try kibble("inspect", path, "--json")
      #expect(run.code == 0 && run.errors == "")
      let json = try run.json
      let keys: Set = ["architecture", "layout", "parameters", "config", "metadata", "tensors"]
      #expect(json.keys.isSuperset(of: keys))
      #expect(json["architecture"]?.stringValue == "DogeForCausalLM")
      #expect(json["layout"]?.stringValue == "current")
      #expect(json["parameters"]?.intValue == 132_198)
      #expect(json["config"]?["model_type"]?.stringValue == "doge")
      let tensors = try #require(json["tensors"]?.arrayValue)
      let members: Set = ["name", "shape", "type", "group_size", "offset", "bytes", "crc32"]
      #expect(tensors.count == 47 && tensors.allSatisfy { $0.keys.isSuperset(of: members) })
      #expect(tensors.allSatisfy { ($0["crc32"] == .null) == (path == bench.checkpoint) })
    }
    let one = try kibble(
      "inspect", file, "--tensor", "model.norm.weight", "--stats", "--json"
    ).json
    let tensors = one["tensors"]?.arrayValue ?? []
    #expect(tensors.map { $0["name"]?.stringValue } == ["model.norm.weight"])
    #expect(tensors.first?["stats"]?.keys.isSuperset(of: ["min", "max", "mean", "std"]) == true)
    expectRefusal(try kibble("inspect", file, "--tensor", "nothing"), 64, "nothing")
    #expect(try kibble("inspect", file).output.contains("model.norm.weight"))
  }

  @Test(arguments: [
    ("reference/e6-moe", "current"), ("reference/e4-newnames-bf16", "per-query-head"),
    ("reference/e3-oldnames-f32", "per-query-head-old-names"),
    ("cases/qknorm-per-query-head", "per-query-head-qknorm"),
  ])
  func layouts(_ fixture: String, _ layout: String) throws {
    let json = try kibble("inspect", Fixtures.folder(fixture), "--json").json
    #expect(json["layout"]?.stringValue == layout)
  }

  @Test func verify() throws {
    let bench = try Workbench()
    let file = try bench.convert("a.kibble", "--type", "int8")
    let run = try kibble("verify", bench.checkpoint, file, "--random", "40", "--json")
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    let keys: Set = [
      "schema", "tokens", "max_abs_diff", "rmse", "nmse", "kld", "top1_agreement", "ppl",
      "delta_p", "mode", "isa", "threads", "passed", "gates",
    ]
    #expect(json.keys.isSuperset(of: keys))
    #expect(json["schema"] == "kibble.verify/1" && json["tokens"] == 40 && json["mode"] == "exact")
    #expect(json["passed"] == .null && json["gates"] == [])
    let distribution: Set = ["mean", "se", "median", "p90", "p99", "p999", "max"]
    #expect(json["kld"]?.keys.isSuperset(of: distribution) == true)
    #expect(json["ppl"]?.keys.isSuperset(of: ["reference", "candidate", "ratio"]) == true)
    #expect(json["ppl"]?["ratio"]?.doubleValue != nil)
    #expect(json["delta_p"]?.keys.isSuperset(of: ["mean", "rms"]) == true)
    let tokens = try bench.folder.write("one.json", "[[3], [4]]")
    let single = try kibble("verify", bench.checkpoint, file, "--tokens", tokens, "--json").json
    #expect(single["ppl"]?["reference"] == .null && single["delta_p"]?["mean"] == .null)
    let text = try kibble("verify", bench.checkpoint, file, "--quiet")
    #expect(text.output.contains("mean KLD") && text.errors == "")
  }

  @Test(arguments: ["reference/e6-moe", "cases/odd-shapes"])
  func verifyGolden(_ fixture: String) throws {
    let (path, bench) = (Fixtures.folder(fixture), try Workbench())
    let golden = path + "/golden.safetensors"
    let file = bench.path("a.kibble")
    #expect(try kibble("convert", path, "-o", file).code == 0)
    for model in [path, file] {
      let run = try kibble(
        "verify", "--golden", golden, model, "--max-abs-diff", "2e-4", "--json")
      #expect(run.code == 0)
      let json = try run.json
      #expect(json["passed"] == true)
      #expect(json["hidden"]?.arrayValue?.first?.keys == ["name", "max_abs_diff"])
      let stepwise = try kibble(
        "verify", model, "--golden=" + golden, "--stepwise", "--max-abs-diff", "2e-4", "--quiet")
      #expect(stepwise.code == 0)
    }
  }

  @Test func check() throws {
    let bench = try Workbench()
    let file = try bench.convert("a.kibble")
    let run = try kibble("check", file, "--json")
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    #expect(json["passed"] == true && json["tensors"] == 47 && json["layout"] == "current")
    #expect(try kibble("check", file).output.contains("whole"))
  }

  @Test func export() throws {
    let bench = try Workbench()
    let file = try bench.convert("a.kibble", "--type", "int8")
    let run = try kibble("export", file, "-o", bench.path("folder"), "--json")
    #expect(run.code == 0 && run.errors == "")
    #expect(try run.json["output"]?.stringValue == bench.path("folder"))
    #expect(
      try bench.folder.names(in: "folder") == ["README.md", "config.json", "model.safetensors"])
    let verify = try kibble("verify", file, bench.path("folder"), "--max-abs-diff", "0", "--json")
    #expect(verify.code == 0)
  }

  @Test func logits() throws {
    let bench = try Workbench()
    let tokens = try bench.folder.write("tokens.json", "[[1, 2, 3], [4]]")
    let run = try kibble(
      "logits", bench.checkpoint, "--tokens", tokens, "-o", bench.path("l.safetensors"),
      "--hidden", "--json")
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    #expect(json["tokens"] == 4 && json["vocabulary"] == 320)
    #expect(json["bytes"]?.intValue == (try fileBytes(bench.path("l.safetensors"))).count)
    let both = try kibble(
      "verify", "--golden", bench.path("l.safetensors"), bench.checkpoint, "--max-abs-diff", "0")
    #expect(both.code == 0)
    let single = try bench.folder.write("single.json", "[1, 2, 3]")
    let golden = bench.path("golden.safetensors")
    #expect(
      try kibble("logits", bench.checkpoint, "--tokens", single, "-o", golden).code == 0)
    let same = try kibble(
      "verify", "--golden", golden, bench.checkpoint, "--stepwise", "--max-abs-diff", "0")
    #expect(same.code == 0)
  }

  @Test func doctor() throws {
    let json = try kibble("doctor", "--json", "--threads", "2").json
    #expect(json.keys.isSuperset(of: ["available", "isa", "threads", "processors", "version"]))
    #expect(json["threads"] == 2)
    #expect(json["available"]?.arrayValue?.first == "scalar")
    #expect(try kibble("doctor", "--isa", "scalar").output.contains("scalar"))
  }

  @Test func demo() throws {
    let bench = try Workbench()
    let tokens = try bench.folder.write("tokens.json", "[1, 2, 3, 4]")
    let arguments = [
      "demo", Fixtures.folder("doge-nano"), "-o", bench.path("demo"), "--tokens", tokens,
    ]
    let run = try Program.run(arguments + ["--json"])
    #expect(run.code == 0 && run.errors == "")
    let results = try #require(try run.json["results"]?.arrayValue)
    #expect(results.map { $0["type"]?.stringValue } == ["f32", "int8", "int4"])
    let keys: Set = [
      "path", "bytes", "bits_per_weight", "kld_mean", "kld_se", "top1_agreement", "max_abs_diff",
    ]
    #expect(results.allSatisfy { $0.keys.isSuperset(of: keys) })
    #expect(results.first?["max_abs_diff"]?.doubleValue == 0)
    let files = ["doge-nano-f32.kibble", "doge-nano-int4.kibble", "doge-nano-int8.kibble"]
    #expect(try bench.folder.names(in: "demo") == files)
    // Files of an earlier demo are replaced.
    let text = try Program.run(arguments)
    #expect(text.code == 0 && text.output.contains("mean KLD"))
  }

  /// Without a checkpoint it takes the one that it carries, wherever it is run.
  @Test func demoAnywhere() throws {
    let folder = try TemporaryFolder()
    func demo(_ arguments: String) throws -> Run {
      let program = try #require(Program.path)
      let script = "cd '\(folder.path)' && exec '\(program)' demo --quiet \(arguments)"
      return try Child(["-c", script], program: "sh").wait()
    }
    let dry = try demo("--dry-run")
    #expect(dry.code == 0 && dry.output.contains("mean KLD"))
    #expect(try folder.names() == [])
    for _ in 0..<2 { #expect(try demo("").code == 0) }
    #expect(try folder.names() == ["kibble-demo"])
    let model = "kibble-demo/doge-nano"
    let names = try FileManager.default.contentsOfDirectory(atPath: Fixtures.folder("doge-nano"))
    #expect(try folder.names(in: model) == names.sorted())
    for name in names {
      #expect(
        try folder.read("\(model)/\(name)") == fileBytes(Fixtures.folder("doge-nano/\(name)")))
    }
    // What is another's is not replaced unless that is asked for.
    try folder.write("\(model)/config.json", "{}")
    expectRefusal(try demo(""), 73, "exists already")
    #expect(try folder.read("\(model)/config.json").count == 2)
    #expect(try demo("--force").code == 0)
    #expect(try folder.names(in: model) == names.sorted())
  }
}
