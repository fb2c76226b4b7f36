import JSONCore
import Kernels
import TestSupport
import Testing

/// `bench` says what it measured; how fast that was is nothing that a test may ask.
@Suite struct BenchTests {
  static let keys: Set<String> = [
    "schema", "version", "prefill_tokens", "decode_tokens", "depth", "prefill_tokens_per_second",
    "decode_tokens_per_second", "time_to_first_token_seconds", "weight_bytes_per_token",
    "read_bandwidth_bytes_per_second", "bandwidth_share", "peak_rss_bytes", "mode", "kv", "isa",
    "threads", "deep_depth", "deep_decode_tokens_per_second", "generate_tokens_per_second",
    "core_ping_nanoseconds", "processor_share", "batch_sequences", "batch_tokens_per_second",
  ]
  static let short = ["--prefill", "20", "--decode", "3", "--repeat", "2", "--json"]
  /// Without the measurement behind many tokens, which takes its time in debug builds.
  static let shallow = short + ["--depth", "4", "--batch", "0"]

  let bench: Workbench

  init() throws { bench = try Workbench() }

  private func check(_ json: JSON) {
    #expect(json.keys == Self.keys)
    #expect(json["schema"] == "kibble.bench/1")
    #expect(json["prefill_tokens"] == 20 && json["decode_tokens"] == 3)
    var rates = [
      "prefill_tokens_per_second", "decode_tokens_per_second", "generate_tokens_per_second",
    ]
    let isDeep = json["depth"] == 0
    #expect((json["deep_depth"]?.intValue ?? 0 > 0) == isDeep)
    if isDeep { rates.append("deep_decode_tokens_per_second") }
    let isBatched = json["batch_sequences"] != .null
    if isBatched { rates.append("batch_tokens_per_second") }
    #expect((json["batch_tokens_per_second"] != .null) == isBatched)
    for key in rates {
      #expect(json[key]?.keys == ["min", "median", "max"])
      let rates = ["min", "median", "max"].compactMap { json[key]?[$0]?.doubleValue }
      #expect(rates.count == 3 && rates == rates.sorted() && rates.allSatisfy { $0 > 0 })
    }
    for key in ["core_ping_nanoseconds", "processor_share"] {
      #expect((json[key]?.doubleValue).map { $0 > 0 } ?? (json[key] == .null), "\(key)")
    }
    for key in [
      "time_to_first_token_seconds", "weight_bytes_per_token", "read_bandwidth_bytes_per_second",
      "bandwidth_share", "peak_rss_bytes",
    ] {
      #expect((json[key]?.doubleValue ?? 0) > 0, "\(key)")
    }
  }

  @Test(arguments: InstructionSet.available, ["exact", "fast"])
  func everyKernelSet(isa: InstructionSet, mode: String) throws {
    let file = try bench.convert("a.kibble", "--type", "int4")
    let run = try Program.run(
      ["bench", file, "--isa", isa.rawValue, "--mode", mode, "--threads", "2"] + Self.shallow)
    #expect(run.code == 0 && run.errors == "")
    let json = try run.json
    check(json)
    #expect(json["isa"]?.stringValue == isa.rawValue && json["mode"]?.stringValue == mode)
    #expect(json["kv"]?.stringValue == (mode == "fast" ? "int8" : "f32"))
    #expect(json["threads"] == 2 && json["depth"] == 4)
  }

  @Test func defaults() throws {
    let json = try Program.run(["bench", bench.checkpoint] + Self.short).json
    check(json)
    #expect(json["mode"] == "fast" && json["kv"] == "f32" && json["depth"] == 0)
    #expect(json["batch_sequences"] == 16)
    #expect(json["isa"]?.stringValue == InstructionSet.available.last?.rawValue)
    // The checkpoint is bf16: all of its matrices, of which the tied head is read as a matrix.
    let parameters = 132_198
    #expect((json["weight_bytes_per_token"]?.intValue ?? 0) > parameters)
  }

  @Test(arguments: ["f32", "f16", "int8"], ["exact", "fast"])
  func everyCache(type: String, mode: String) throws {
    let json = try Program.run(
      ["bench", bench.checkpoint, "--kv", type, "--mode", mode] + Self.short
    ).json
    check(json)
    #expect(json["kv"]?.stringValue == type && json["mode"]?.stringValue == mode)
  }

  @Test func fewerBitsAreFewerBytes() throws {
    func bytes(_ type: String) throws -> Int {
      let file = try bench.convert("\(type).kibble", "--type", type)
      let json = try Program.run(["bench", file] + Self.shallow).json
      return try #require(json["weight_bytes_per_token"]?.intValue)
    }
    let sizes = try ["f32", "bf16", "int8", "int6", "int5", "int4", "int3", "int2"].map(bytes)
    #expect(sizes == sizes.sorted(by: >) && Set(sizes).count == 8)
  }

  @Test func depthAndAllLogits() throws {
    let json = try Program.run(
      ["bench", bench.checkpoint, "--depth", "30", "--all-logits"] + Self.short
    ).json
    check(json)
    #expect(json["depth"] == 30)
  }

  @Test(arguments: ["reference/e6-moe", "cases/odd-shapes"])
  func otherModels(_ name: String) throws {
    check(try Program.run(["bench", Fixtures.folder(name)] + Self.shallow).json)
  }

  @Test func forPeople() throws {
    let run = try kibble(
      "bench", bench.checkpoint, "--prefill", "20", "--decode", "3", "--depth", "5", "--repeat",
      "1", "--quiet")
    #expect(run.code == 0 && run.errors == "")
    for text in [
      "prefill of 20", "decode of 3 behind 5", "generation of 3", "tokens per second",
      "peak memory", "fast",
    ] {
      #expect(run.output.contains(text), "\(run.output)")
    }
  }

  @Test(arguments: [
    (["bench"], "MODEL"), (["bench", "x", "--mode", "slow"], "slow"),
    (["bench", "x", "--kv", "int4"], "int4"),
    (["bench", "x", "--prefill", "0"], "--prefill"),
    (["bench", "x", "--decode", "none"], "none"), (["bench", "x", "--depth", "-1"], "-1"),
    (["bench", "x", "--repeat", "0"], "--repeat"), (["bench", "x", "y"], "'y'"),
  ])
  func usage(_ arguments: [String], _ mentioned: String) throws {
    expectRefusal(try Program.run(arguments), 64, mentioned, "help")
  }

  @Test func noModel() throws {
    let none = bench.path("none")
    expectRefusal(try kibble("bench", none), 66, none)
  }
}

/// The candidate of `verify` in fast mode.
@Suite struct BenchVerifyTests {
  static let figures: Set<String> = [
    "tokens", "max_abs_diff", "rmse", "nmse", "kld", "top1_agreement", "ppl", "delta_p",
  ]

  let bench: Workbench

  init() throws { bench = try Workbench() }

  private func verify(_ file: String, _ options: String...) throws -> JSON {
    let run = try Program.run(
      ["verify", bench.checkpoint, file, "--random", "40", "--json"] + options)
    #expect(run.code == 0 && run.errors == "")
    return try run.json
  }

  @Test(arguments: ["int8", "int6", "int5", "int4", "int3", "int2"]) func secondRow(_ type: String)
    throws
  {
    let file = try bench.convert("a.kibble", "--type", type)
    let both = try verify(file)
    let exact = try verify(file, "--mode", "exact")
    let fast = try verify(file, "--mode", "fast")
    #expect(both["mode"] == "exact" && exact["mode"] == "exact" && fast["mode"] == "fast")
    #expect(exact["fast"] == nil && fast["fast"] == nil)
    let row = try #require(both["fast"])
    #expect(row.keys.isSuperset(of: Self.figures))
    for key in Self.figures {
      #expect(both[key] == exact[key] && row[key] == fast[key], "\(key)")
    }
    #expect(exact["kld"] != fast["kld"])
  }

  @Test(arguments: ["source", "f16"]) func noSecondRowForFloats(_ type: String) throws {
    let file = try bench.convert("a.kibble", "--type", type)
    let both = try verify(file)
    #expect(both["fast"] == nil)
    #expect(both["kld"] == (try verify(file, "--mode", "fast")["kld"]))
  }

  /// Gates look at all rows that are measured, or at those that were asked for.
  @Test func gates() throws {
    let file = try bench.convert("a.kibble", "--type", "int8")
    let exact = try verify(file)["max_abs_diff"]?.doubleValue
    let fast = try verify(file, "--mode", "fast")["max_abs_diff"]?.doubleValue
    let (least, most) = (min(exact ?? 0, fast ?? 0), max(exact ?? 0, fast ?? 0))
    try #require(least < most)
    let limit = ["--max-abs-diff", "\((least + most) / 2)", "--random", "40"]
    let arguments = ["verify", bench.checkpoint, file] + limit
    let exactPasses = exact == least ? 0 : 1
    #expect(try Program.run(arguments).code == 1)
    for (mode, code) in [("exact", exactPasses), ("fast", 1 - exactPasses), ("both", 1)] {
      #expect(try Program.run(arguments + ["--gate-mode", mode]).code == code, "\(mode)")
    }
    #expect(try Program.run(arguments + ["--mode", "exact"]).code == exactPasses)
    #expect(try Program.run(arguments + ["--mode", "fast"]).code == 1 - exactPasses)
  }

  @Test func forPeople() throws {
    let file = try bench.convert("a.kibble", "--type", "int8")
    func header(_ options: String...) throws -> [Substring] {
      let run = try Program.run(
        ["verify", bench.checkpoint, file, "--random", "9", "--quiet"] + options)
      let line = run.output.split(separator: "\n").first { $0.hasPrefix("measure") }
      return try #require(line).split(separator: " ")
    }
    #expect(try header() == ["measure", "exact", "fast"])
    #expect(try header("--mode", "exact") == ["measure", "exact"])
    #expect(try header("--mode", "fast") == ["measure", "fast"])
  }

  @Test func fastFiguresDoNotDependOnTheMachine() throws {
    let file = try bench.convert("a.kibble", "--type", "int4")
    let expected = try verify(file)["fast"]
    for isa in InstructionSet.available {
      #expect(try verify(file, "--isa", isa.rawValue, "--threads", "1")["fast"] == expected)
    }
    #expect(try verify(file, "--threads", "3")["fast"] == expected)
  }

  @Test func goldenInEitherMode() throws {
    let file = try bench.convert("a.kibble", "--type", "int8")
    let tokens = try bench.folder.write("tokens.json", "[1, 2, 3, 4, 5]")
    let golden = bench.path("exact.safetensors")
    #expect(try kibble("logits", file, "--tokens", tokens, "-o", golden).code == 0)
    for (options, code) in [([], 0), (["--mode", "exact"], 0), (["--mode", "fast"], 1)] {
      let run = try Program.run(
        ["verify", "--golden", golden, file, "--max-abs-diff", "0", "--json"] + options)
      #expect(run.code == code, "\(options)")
      #expect(try run.json["fast"] == nil)
    }
  }
}
