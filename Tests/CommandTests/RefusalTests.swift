import Foundation
import JSONCore
import Kernels
import TestSupport
import Testing

/// What is refused, with its exit code and one message; nothing is left behind.
@Suite struct RefusalTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  @Test(arguments: [
    (["convert"], "CHECKPOINT"), (["convert", "x"], "-o FILE"),
    (["pack", "x", "y", "-o", "z"], "'y'"), (["convert", "x", "-o"], "-o"),
    (["convert", "x", "-o", "z", "--bogus"], "--bogus"),
    (["convert", "x", "-o", "z", "--type", "int1"], "int1"),
    (["convert", "x", "-o", "z", "--group-size", "48"], "48"),
    (["convert", "x", "-o", "z", "--tensor", "a"], "'a'"),
    (["convert", "x", "-o", "z", "--tensor", "=int8"], "int8"),
    (["convert", "x", "-o", "z", "--tensor", "a=int1"], "int1"),
    (["convert", "x", "-o", "z", "--tensor", "a=mixed"], "source, f32"),
    (["convert", "x", "-o", "z", "--tensor", "a=int4:48"], "32, 64 or 128"),
    (["convert", "x", "-o", "z", "--tensor", "a=int4:"], "32, 64 or 128"),
    (["convert", "x", "-o", "z", "--tensor", "a=f16:32"], "no groups"),
    (["convert", "x", "-o", "z", "--save-recipe", "z"], "another file"),
    (["convert", "x", "-o", "z", "-o", "y"], "more than once"),
    (["quantize", "x", "-o", "z"], "--type"),
    (["quantize", "x", "-o", "z", "--type", "f32"], "f32"),
    (["quantize", "x", "-o", "z", "--type", "int8", "--tune", "9"], "gptq"),
    (["quantize", "x", "-o", "z", "--type", "int8", "--calibration", "c"], "gptq"),
    (["quantize", "x", "-o", "z", "--type", "int8", "--method", "gpt"], "gptq"),
    (["verify", "x"], "CANDIDATE"), (["verify"], "REFERENCE"),
    (["verify", "--golden", "g", "x", "y"], "'y'"),
    (["verify", "x", "y", "--stepwise"], "--golden"),
    (["verify", "x", "y", "--gate", "int9"], "int8, int6, int5, int4, int3, int2"),
    (["verify", "x", "y", "--mode", "exact", "--gate-mode", "fast"], "--gate-mode"),
    (["verify", "x", "y", "--ablate", "head"], "--ablate"),
    (["verify", "x", "--golden", "g", "--ablate", "kind"], "--ablate"),
    (["verify", "x", "y", "--max-kld", "much"], "much"),
    (["verify", "x", "y", "--max-kld", "-1"], "-1"),
    (["verify", "x", "--golden", "g", "--random", "9"], "--golden"),
    (["logits", "x", "-o", "z"], "--tokens"), (["logits", "x", "--tokens", "t"], "-o FILE"),
    (["inspect"], "MODEL"), (["check"], "FILE"), (["export", "x"], "-o FOLDER"),
    (["doctor", "--threads", "0"], "--threads"), (["doctor", "--threads", "two"], "two"),
    (["doctor", "--isa", "sse"], "sse"), (["doctor", "--json=yes"], "yes"),
    (["nonsense"], "nonsense"), (["help", "nonsense"], "nonsense"), (["verfy"], "verify"),
  ])
  func usage(_ arguments: [String], _ mentioned: String) throws {
    let run = try Program.run(arguments)
    expectRefusal(run, 64, mentioned, "help")
    // The same as JSON.
    let json = try Program.run(arguments + ["--json"])
    #expect(json.code == 64 && json.output == "")
    let error = try json.error
    #expect(error.keys == ["code", "message", "path", "tensor", "hint"])
    #expect(error["code"]?.stringValue?.hasPrefix("usage.") == true)
  }

  @Test func missingInputs() throws {
    let none = bench.path("none")
    let tokens = try bench.folder.write("t.json", "[1]")
    let checkpoint = bench.checkpoint
    let output = bench.path("out")
    let commands = [
      ["convert", none, "-o", output], ["quantize", none, "-o", output, "--type", "int8"],
      ["verify", none, checkpoint], ["verify", checkpoint, none],
      ["verify", "--golden", none, checkpoint],
      ["verify", checkpoint, checkpoint, "--tokens", none],
      ["verify", checkpoint, checkpoint, "--gate", none],
      [
        "quantize", checkpoint, "-o", output, "--type", "int8", "--method", "gptq",
        "--calibration", none,
      ],
      ["logits", none, "--tokens", tokens, "-o", output],
      ["logits", checkpoint, "--tokens", none, "-o", output], ["inspect", none],
      ["check", none], ["export", none, "-o", output], ["demo", none, "-o", output],
    ]
    for command in commands {
      expectRefusal(try Program.run(command), 66, none)
    }
    let error = try kibble("check", none, "--json").error
    #expect(error["path"]?.stringValue == none)
    #expect(try bench.folder.names() == ["t.json"])
  }

  @Test func existingOutputs() throws {
    let file = try bench.convert("a.kibble")
    let before = try fileBytes(file)
    expectRefusal(try kibble("convert", bench.checkpoint, "-o", file), 73, file, "--force")
    expectRefusal(try kibble("convert", bench.checkpoint, "-o", file, "--dry-run"), 73, file)
    #expect(try fileBytes(file) == before)
    let forced = try kibble("convert", bench.checkpoint, "-o", file, "--type", "int8", "--force")
    #expect(forced.code == 0)
    #expect(try fileBytes(file) != before)
    let missing = bench.path("no/where.kibble")
    expectRefusal(try kibble("convert", bench.checkpoint, "-o", missing), 73, missing)
    expectRefusal(
      try kibble("convert", bench.checkpoint, "-o", bench.folder.path, "--force"), 73)
    #expect(try kibble("export", file, "-o", bench.path("folder")).code == 0)
    expectRefusal(try kibble("export", file, "-o", bench.path("folder")), 73, "--force")
    #expect(try kibble("export", file, "-o", bench.path("folder"), "--force").code == 0)
    #expect(try bench.folder.names() == ["a.kibble", "folder"])
  }

  @Test func inputsAreNeverOverwritten() throws {
    let checkpoint = try bench.folder.copy(fixture: "reference/e6-gqa-tied-bf16")
    let weights = checkpoint + "/model.safetensors"
    let file = try bench.convert("a.kibble")
    let tokens = try bench.folder.write("t.json", "[1]")
    try FileManager.default.linkItem(atPath: file, toPath: bench.path("hard.kibble"))
    try FileManager.default.createSymbolicLink(
      atPath: bench.path("soft.kibble"), withDestinationPath: file)
    let before = (try fileBytes(weights), try fileBytes(file), try fileBytes(tokens))
    let commands = [
      ["convert", checkpoint, "-o", weights],
      ["convert", checkpoint, "-o", checkpoint + "/config.json"],
      ["quantize", file, "-o", file, "--type", "int8"],
      ["quantize", file, "-o", bench.path("hard.kibble"), "--type", "int8"],
      ["quantize", file, "-o", bench.path("soft.kibble"), "--type", "int8"],
      ["logits", checkpoint, "--tokens", tokens, "-o", weights],
      ["logits", file, "--tokens", tokens, "-o", file],
      ["logits", file, "--tokens", tokens, "-o", tokens],
      [
        "quantize", file, "-o", tokens, "--type", "int8", "--method", "gptq", "--calibration",
        tokens,
      ],
      ["export", checkpoint, "-o", checkpoint],
    ]
    for command in commands {
      expectRefusal(try Program.run(command + ["--force"]), 73, "input")
    }
    #expect(try fileBytes(weights) == before.0)
    #expect(try fileBytes(file) == before.1)
    #expect(try fileBytes(tokens) == before.2)
  }

  @Test func dryRunsWriteNothing() throws {
    let tokens = try bench.folder.write("t.json", "[1]")
    let output = bench.path("out")
    let commands = [
      ["convert", bench.checkpoint, "-o", output, "--type", "int4"],
      ["quantize", bench.checkpoint, "-o", output, "--type", "int4"],
      ["logits", bench.checkpoint, "--tokens", tokens, "-o", output],
      ["export", bench.checkpoint, "-o", output],
    ]
    for command in commands {
      let run = try Program.run(command + ["--dry-run"])
      #expect(run.code == 0 && run.output.contains("would write"))
      let json = try Program.run(command + ["--dry-run", "--json"]).json
      let real = try Program.run(command + ["--json"]).json
      if command[0] != "export" { #expect(json["bytes"] == real["bytes"]) }
      try FileManager.default.removeItem(atPath: output)
      #expect(try bench.folder.names() == ["t.json"])
    }
  }

  @Test(arguments: InstructionSet.allCases) func kernelSets(_ isa: InstructionSet) throws {
    let run = try kibble(
      "verify", bench.checkpoint, bench.checkpoint, "--random", "5", "--json", "--isa",
      isa.rawValue)
    if isa.isAvailable {
      #expect(run.code == 0)
      #expect(try run.json["isa"]?.stringValue == isa.rawValue)
    } else {
      #expect(run.code == 69 && run.output == "")
      #expect(try run.error["message"]?.stringValue?.contains(isa.rawValue) == true)
    }
  }

  @Test func otherFormats() throws {
    let gguf = try bench.folder.write("model.gguf", "GGUF\u{3}\0\0\0and more")
    let disguised = try bench.folder.write("model.kibble", "GGUF\u{3}\0\0\0and more")
    let config = try fileBytes(bench.checkpoint + "/config.json")
    try bench.folder.write("bin/config.json", config)
    let pickle = try bench.folder.write("bin/pytorch_model.bin", "PK")
    for path in [gguf, disguised] {
      expectRefusal(try kibble("convert", path, "-o", bench.path("out")), 69, "GGUF", path)
      expectRefusal(try kibble("inspect", path), 69, "GGUF")
    }
    for path in [bench.path("bin"), pickle] {
      expectRefusal(try kibble("convert", path, "-o", bench.path("out")), 69, pickle)
    }
    let weights = bench.checkpoint + "/model.safetensors"
    expectRefusal(try kibble("convert", weights, "-o", bench.path("out")), 66, weights, "folder")
    let text = try bench.folder.write("text.kibble", "no model")
    expectRefusal(try kibble("inspect", text), 65, text)
    expectRefusal(try kibble("check", bench.checkpoint), 66, bench.checkpoint)
    #expect(!(try bench.folder.names().contains("out")))
  }

  @Test func otherModels() throws {
    let changes: [(key: String, value: Any, mentioned: String)] = [
      ("architectures", ["DogeForSequenceClassification"], "DogeForSequenceClassification"),
      ("quantization_config", ["quant_method": "gptq"], "quantized"),
      ("model_type", "llama", "llama"), ("num_inner_values", 4, "num_inner_values"),
      ("hidden_act", "swoosh", "swoosh"),
    ]
    for (index, change) in changes.enumerated() {
      let path = try bench.folder.copy(fixture: "reference/e6-gqa-tied-bf16", as: "c\(index)")
      let file = URL(fileURLWithPath: path + "/config.json")
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
      var config = try #require(object as? [String: Any])
      config[change.key] = change.value
      if change.key == "model_type" { config["architectures"] = ["LlamaForCausalLM"] }
      try JSONSerialization.data(withJSONObject: config).write(to: file)
      let run = try kibble("convert", path, "-o", bench.path("out"))
      expectRefusal(run, 69, change.mentioned, file.path)
    }
    #expect(!(try bench.folder.names().contains("out")))
  }

  @Test func damagedFiles() throws {
    let file = try bench.convert("a.kibble")
    let bytes = try fileBytes(file)
    for length in [0, 7, 63, 3000, bytes.count - 1] {
      let short = try bench.folder.write("short.kibble", Array(bytes.prefix(length)))
      for command in [["check", short], ["inspect", short], ["verify", short, file]] {
        expectRefusal(try Program.run(command), 65, short)
      }
    }
    var newer = bytes
    newer[8] += 1
    let path = try bench.folder.write("newer.kibble", newer)
    expectRefusal(try kibble("check", path), 69, path, "newer")
    expectRefusal(try kibble("verify", file, path), 69, path, "newer")
    var flipped = bytes
    flipped[bytes.count / 2] ^= 1
    let damaged = try bench.folder.write("flipped.kibble", flipped)
    expectRefusal(try kibble("check", damaged), 65, damaged, "tensor:")
    expectRefusal(
      try kibble("quantize", damaged, "-o", bench.path("out"), "--type", "int8"), 65, damaged)
    #expect(!(try bench.folder.names().contains("out")))
  }

  @Test func quantizedInputs() throws {
    let file = try bench.convert("a.kibble", "--type", "int8")
    let run = try kibble("quantize", file, "-o", bench.path("out"), "--type", "int4")
    expectRefusal(run, 65, file, "tensor:")
    #expect(try bench.folder.names() == ["a.kibble"])
  }

  @Test func badTokensAndGates() throws {
    let file = try bench.convert("a.kibble")
    let model = bench.checkpoint
    let text = try bench.folder.write("text.json", "once upon")
    let object = try bench.folder.write("object.json", #"{"max_kdl": 1}"#)
    let large = try bench.folder.write("large.json", "[1, 320]")
    for path in [text, object] {
      expectRefusal(try kibble("verify", model, file, "--tokens", path), 65, path)
      expectRefusal(try kibble("verify", model, file, "--gate", path), 65, path)
      let output = bench.path("out")
      expectRefusal(try kibble("logits", file, "--tokens", path, "-o", output), 65, path)
    }
    expectRefusal(try kibble("verify", model, file, "--tokens", large), 65, "320")
    let logits = try kibble("logits", file, "--tokens", large, "-o", bench.path("out"))
    expectRefusal(logits, 65, "320")
    expectRefusal(try kibble("verify", "--golden", file, model), 65, file)
    let other = Fixtures.folder("cases/odd-shapes")
    expectRefusal(try kibble("verify", model, other), 65, "101", "320")
    #expect(!(try bench.folder.names().contains("out")))
  }

  @Test func failedGates() throws {
    let file = try bench.convert("a.kibble", "--type", "int4")
    let arguments = ["verify", bench.checkpoint, file, "--random", "30"]
    let limits = [
      "--max-mean-kld": "0.0001", "--max-kld": "0.001", "--min-top1": "1",
      "--max-abs-diff": "0.001", "--max-nmse": "0.00001",
    ]
    for (option, limit) in limits {
      let run = try Program.run(arguments + [option, limit, "--json"])
      #expect(run.code == 1 && run.errors == "")
      let json = try run.json
      #expect(json["passed"] == false)
      let gate = try #require(json["gates"]?.arrayValue?.first)
      #expect(gate.keys == ["name", "limit", "value", "passed", "mode"])
      let name = String(option.dropFirst(2)).replacingOccurrences(of: "-", with: "_")
      #expect(gate["name"]?.stringValue == name)
      let loose = option == "--min-top1" ? "0" : "1e9"
      #expect(try Program.run(arguments + [option, loose]).code == 0)
    }
    let text = try Program.run(arguments + ["--max-kld", "0.001"])
    #expect(text.code == 1 && text.output.contains("FAILED"))
    #expect(try Program.run(arguments + ["--gate", "int8"]).code == 1)
    let gates = try bench.folder.write("g.json", #"{"max_kld": 1e9, "min_top1": 0}"#)
    #expect(try Program.run(arguments + ["--gate", gates]).code == 0)
    #expect(try Program.run(arguments + ["--gate", gates, "--max-kld", "0"]).code == 1)
  }
}
