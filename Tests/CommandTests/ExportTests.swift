import JSONCore
import TestSupport
import Testing

/// `export` in another layout, and what stands beside the weights.
@Suite struct ExportTests {
  private let bench: Workbench

  init() throws { bench = try Workbench(checkpoint: Fixtures.folder("reference/e3-oldnames-f32")) }

  @Test func currentLayout() throws {
    let run = try kibble(
      "export", bench.checkpoint, "-o", bench.path("out"), "--layout", "current", "--verify",
      "--json")
    #expect(run.code == 0)
    let json = try run.json
    #expect(json["layout"] == "current" && json["dtype"] == "f32")
    #expect(json["notes"]?.arrayValue?.count == 2)
    let verification = try #require(json["verification"])
    #expect(verification["passed"] == true && verification["tokens"]?.intValue == 512)
    let difference = try #require(verification["max_abs_diff"]?.doubleValue)
    #expect(difference > 0 && difference < 5e-4)
    #expect(run.errors.contains("up to 2048 positions"))
    #expect(try kibble("inspect", bench.path("out"), "--json").json["layout"] == "current")

    let verify = try kibble("verify", bench.checkpoint, bench.path("out"), "--json")
    #expect(verify.code == 0)
    #expect(try verify.json["max_abs_diff"]?.doubleValue == difference)
  }

  @Test func verdict() throws {
    let arguments = ["export", bench.checkpoint, "--layout", "current", "--verify", "-o"]
    let exact = try Program.run(arguments + [bench.path("a")])
    #expect(exact.code == 0 && exact.output.contains(": the same model"))
    #expect(exact.output.contains(" parameters for ") && exact.output.contains(" ×)\n"))
    // Rounded weights are measured, not judged.
    let rounded = try Program.run(arguments + [bench.path("b"), "--dtype", "bf16", "--json"])
    #expect(rounded.code == 0)
    #expect(try rounded.json["verification"]?["passed"] == .null)
    let planned = try Program.run(arguments + [bench.path("c"), "--dry-run", "--json"])
    #expect(planned.code == 0)
    #expect(try planned.json["verification"] == nil)
    #expect(try planned.json["parameters"] == exactParameters())
    #expect(try bench.folder.names() == ["a", "b"])
  }

  private func exactParameters() throws -> JSON? {
    try kibble("inspect", bench.path("a"), "--json").json["parameters"]
  }

  /// A verification that cannot be run leaves what there was: here the tokenizer has more tokens
  /// than the model.
  @Test func verificationFails() throws {
    let checkpoint = try bench.folder.copy(fixture: "reference/e3-oldnames-f32")
    for name in ["tokenizer.json", "tokenizer_config.json"] {
      try bench.folder.write(
        "checkpoint/" + name, fileBytes(Fixtures.folder("doge-nano") + "/" + name))
    }
    let failing = ["export", checkpoint, "--verify", "-o", bench.path("out")]
    #expect(try Program.run(failing).code == 65)
    #expect(try bench.folder.names() == ["checkpoint"])

    let before = try kibble("export", bench.checkpoint, "-o", bench.path("out"), "--dtype", "f16")
    #expect(before.code == 0)
    let weights = try fileBytes(bench.path("out/model.safetensors"))
    #expect(try Program.run(failing + ["--force"]).code == 65)
    #expect(try bench.folder.names() == ["checkpoint", "out"])
    #expect(try fileBytes(bench.path("out/model.safetensors")) == weights)
  }

  /// Figures go into the card with what they are against, if they are about the weights.
  @Test func measured() throws {
    let models = (
      int8: try bench.convert("int8.kibble", "--type", "int8"),
      int4: try bench.convert("int4.kibble", "--type", "int4")
    )
    func export(_ report: String) throws -> Run {
      try bench.folder.write("report.json", report)
      return try kibble(
        "export", models.int4, "-o", bench.path("out"), "--force", "--json", "--measured",
        bench.path("report.json"))
    }
    func card(_ reference: String) throws -> String {
      let report = try kibble("verify", reference, models.int4, "--json").output
      #expect(try export(report).code == 0)
      return try String(decoding: fileBytes(bench.path("out/README.md")), as: UTF8.self)
    }
    #expect(try card(bench.checkpoint).contains("against the checkpoint in f32, on "))
    #expect(try card(models.int8).contains("against `int8.kibble` in int8, on "))

    let fast = try kibble("verify", bench.checkpoint, models.int4, "--mode", "fast", "--json")
    let other = try kibble("verify", bench.checkpoint, models.int8, "--json")
    for (report, reason) in [
      (fast.output, "fast mode"), (other.output, "other models"), ("{}", "no report"),
      (String(other.output.dropLast(9)), ""),
    ] {
      let run = try export(report)
      #expect(run.code == 65)
      #expect(try run.error["code"] == "export.unusable-report")
      #expect(try run.error["path"]?.stringValue == bench.path("report.json"))
      #expect(try run.error["message"]?.stringValue?.contains(reason) == true || reason == "")
    }
  }

  @Test func refusal() throws {
    let path = Fixtures.folder("cases/router-bias-oldnames")
    let run = try kibble("export", path, "-o", bench.path("out"), "--layout", "current", "--json")
    #expect(run.code == 69)
    #expect(try run.error["code"] == "conversion.not-in-current-layout")
    #expect(try bench.folder.names() == [])
  }
}
