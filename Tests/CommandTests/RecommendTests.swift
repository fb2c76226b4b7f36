import Foundation
import JSONCore
import TestSupport
import Testing

@Suite struct RecommendTests {
  let folder: TemporaryFolder
  private let nano = Fixtures.folder("doge-nano")
  private let tokens: String

  init() throws {
    folder = try TemporaryFolder()
    // Few of them, so that the tests take no longer than they must.
    let ids = (0..<120).map { String(3 + $0 * 37 % 2000) }.joined(separator: ",")
    tokens = try folder.write("tokens.json", "[\(ids)]")
  }

  /// The figures are those of the commands that it stands for.
  @Test func figures() throws {
    let json = try kibble("recommend", nano, "--tokens", tokens, "--json").json
    #expect(json["schema"] == "kibble.recommend/1" && json["tokens"] == 120)
    let rows = try #require(json["rows"]?.arrayValue)
    #expect(rows.count == 9 && rows[0]["type"] == "source" && rows[0]["mean_kld"]?.doubleValue == 0)
    for type in ["int8", "int4s"] {
      let path = folder.path("\(type).kibble")
      let made = try kibble("quantize", nano, "-o", path, "--type", type, "--json").json
      let verdict = try kibble("verify", nano, path, "--tokens", tokens, "--json").json
      let row = try #require(rows.first { $0["type"]?.stringValue == type })
      #expect(row["bytes"] == made["bytes"])
      #expect(row["bits_per_weight"] == made["bits_per_weight"])
      #expect(row["mean_kld"] == verdict["kld"]?["mean"])
      #expect(row["mean_kld_se"] == verdict["kld"]?["se"])
      #expect(row["top1_agreement"] == verdict["top1_agreement"])
      #expect(row["decode_tokens_per_second"]?.doubleValue ?? 0 > 0)
      let (memory, bytes) = (row["memory_bytes"]?.intValue, row["bytes"]?.intValue)
      #expect(try #require(memory) > #require(bytes) / 2)
    }
  }

  /// Without a limit the smallest that is near enough; with one the nearest that fits.
  @Test func choice() throws {
    func answer(_ options: String...) throws -> (json: JSON, rows: [JSON]) {
      let run = try Program.run(
        ["recommend", nano, "--tokens", tokens, "--json", "--quiet"] + options)
      #expect(run.code == 0 && run.errors == "")
      let json = try run.json
      return (json, try #require(json["rows"]?.arrayValue))
    }
    func kld(_ row: JSON) -> Double { row["mean_kld"]?.doubleValue ?? .infinity }
    func bytes(_ row: JSON) -> Int { row["bytes"]?.intValue ?? .max }
    let (free, rows) = try answer()
    let enough = rows.filter { kld($0) <= 0.01 }
    let smallest = try #require(enough.min { bytes($0) < bytes($1) })
    #expect(free["recommended"] == smallest["type"] && smallest["recommended"] == true)
    #expect(rows.count { $0["recommended"] == true } == 1)
    for limit in [700_000, 5_000_000] {
      let (json, rows) = try answer("--max-size", "\(limit)")
      let fitting = rows.filter { bytes($0) <= limit }
      let nearest = try #require(fitting.min { kld($0) < kld($1) })
      #expect(json["recommended"] == nearest["type"], "\(limit)")
      #expect(rows.allSatisfy { ($0["fits"] == true) == (bytes($0) <= limit) })
    }
    let (none, _) = try answer("--max-size", "1k")
    #expect(none["recommended"]?.isNull == true && none["command"]?.isNull == true)
  }

  /// The table fits a terminal, its command works, and `plot` draws the rest.
  @Test func text() throws {
    let run = try kibble("recommend", nano, "--tokens", tokens)
    #expect(run.code == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.count <= 80 })
    #expect(lines.count { $0.hasSuffix("<- this one") } == 1)
    let words = try #require(lines.last).split(separator: " ").map(String.init)
    #expect(words.prefix(3) == ["kibble", "quantize", nano])
    let made = try Program.run(
      Array(words.dropFirst()).map { $0.hasSuffix(".kibble") ? folder.path($0) : $0 })
    #expect(made.code == 0, "\(made.errors)")
    let json = try kibble("recommend", nano, "--tokens", tokens, "--json").output
    let points = try folder.write("types.json", json)
    #expect(try kibble("plot", points, "-o", folder.path("types.svg")).code == 0)
  }

  /// What budgets bring is what `quantize` makes of them; a path with spaces is one word.
  @Test func budgets() throws {
    let model = folder.path("my model's folder")
    try FileManager.default.copyItem(atPath: nano, toPath: model)
    let run = try kibble(
      "recommend", model, "--tokens", tokens, "--calibration", tokens, "--mixed", "4", "--mixed",
      "5.5", "--json")
    #expect(run.code == 0, "\(run.errors)")
    let rows = try #require(try run.json["rows"]?.arrayValue)
    #expect(rows.count == 11 && rows[9]["series"] == "mixed" && rows[10]["type"] == "mixed")
    let words = "\(folder.path("my model"))'\\''s folder'"
    let command = try #require(rows[9]["command"]?.stringValue)
    #expect(
      command == "kibble quantize '\(words) -o doge-mixed-4.0.kibble --type mixed "
        + "--target-bpw 4.0 --calibration \(tokens)")
    let path = folder.path("mixed.kibble")
    let made = try kibble(
      "quantize", model, "-o", path, "--type", "mixed", "--target-bpw", "4", "--calibration",
      tokens, "--json"
    ).json
    let verdict = try kibble("verify", model, path, "--tokens", tokens, "--json").json
    #expect(rows[9]["bytes"] == made["bytes"])
    #expect(rows[9]["mean_kld"] == verdict["kld"]?["mean"])
  }

  @Test func refused() throws {
    let path = folder.path("int4.kibble")
    #expect(try kibble("quantize", nano, "-o", path, "--type", "int4").code == 0)
    expectRefusal(try kibble("recommend", path), 65, path)
    expectRefusal(try kibble("recommend"), 64, "CHECKPOINT")
    expectRefusal(try kibble("recommend", nano, "--mixed", "0"), 64, "from 1 to 32")
    expectRefusal(try kibble("recommend", nano, "--calibration", tokens), 64, "--mixed")
    expectRefusal(try kibble("recommend", folder.path("none")), 66, "none")
  }
}
