import Foundation
import JSONCore
import TestSupport
import Testing

/// `quantize --state`.
@Suite struct StateTests {
  private let bench: Workbench
  private let tokens: String

  init() throws {
    bench = try Workbench()
    let ids = (0..<96).map { JSON($0 * 7 % 320) }
    tokens = try bench.folder.write("t.json", JSON.array(ids).serialized())
  }

  private func quantize(_ output: String, _ options: [String]) throws -> Run {
    try Program.run(
      [
        "quantize", bench.checkpoint, "-o", bench.path(output), "--type", "int4",
        "--calibration", tokens,
      ] + options)
  }

  @Test func onlyForCalibration() throws {
    let run = try kibble(
      "quantize", bench.checkpoint, "-o", bench.path("a"), "--type", "int4", "--state", "s")
    expectRefusal(run, 64, "--state", "gptq")
    expectRefusal(try kibble("convert", "x", "-o", "y", "--state", "s"), 64, "--state")
  }

  @Test func noOtherFileOfTheRun() throws {
    let gptq = ["--method", "gptq", "--state"]
    expectRefusal(try quantize("a", gptq + [bench.path("./a")]), 64, "--state", "--output")
    expectRefusal(try quantize("a", gptq + [tokens]), 64, "--state", "--calibration")
    let recipe = bench.path("r.json")
    expectRefusal(
      try quantize("a", gptq + [recipe, "--save-recipe", recipe]), 64, "--state", "--save-recipe")
    let weights = bench.checkpoint + "/model.safetensors"
    expectRefusal(try quantize("a", gptq + [weights]), 64, "--state", bench.checkpoint)
    #expect(try bench.folder.names() == ["t.json"])
  }

  @Test func foreignFilesAreRefused() throws {
    let text = try bench.folder.write("notes.txt", "notes")
    let run = try quantize("a", ["--method", "gptq", "--state", text])
    expectRefusal(run, 65, text, "not the state of a calibration")
    #expect(try fileBytes(text) == Array("notes".utf8))
    let deep = bench.path("none/s")
    expectRefusal(try quantize("a", ["--method", "gptq", "--state", deep]), 73, deep)
  }

  @Test func goesWhenTheRunIsDone() throws {
    #expect(try quantize("a", ["--method", "gptq"]).code == 0)
    let run = try quantize("b", ["--method", "gptq", "--state", bench.path("s")])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try fileBytes(bench.path("a")) == fileBytes(bench.path("b")))
    #expect(try bench.folder.names() == ["a", "b", "t.json"])
  }

  /// Whenever the program is killed, the next run ends as one that was not.
  @Test func killed() throws {
    #expect(try quantize("a", ["--method", "gptq"]).code == 0)
    let state = bench.path("s")
    let options = ["--method", "gptq", "--state", state, "--quiet"]
    for records in 1..<5 {
      let child = try Child(
        [
          "quantize", bench.checkpoint, "-o", bench.path("b"), "--type", "int4",
          "--calibration", tokens, "--force",
        ] + options)
      for _ in 0..<50_000 {
        let size = (try? fileBytes(state).count) ?? 0
        if size > records * 500 { break }
        usleep(20)
      }
      child.send(SIGKILL)
      _ = try child.wait()
    }
    let run = try quantize("b", options + ["--force"])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try fileBytes(bench.path("a")) == fileBytes(bench.path("b")))
    #expect(try !bench.folder.names().contains("s"))
  }
}
