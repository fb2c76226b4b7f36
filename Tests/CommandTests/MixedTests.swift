import Calibration
import JSONCore
import KibbleTool
import Quantization
import TensorCore
import TestSupport
import Testing

/// `--type mixed`: its options, its recipes, and what is printed of the search.
@Suite struct MixedTests {
  @Test(arguments: [
    ([], "--max-size BYTES or --target-bpw X"),
    (["--max-size", "9k", "--target-bpw", "5"], "together"), (["--max-size", "0"], "'0'"),
    (["--max-size", "9T"], "12MiB"), (["--target-bpw", "0.9"], "1 to 32"),
    (["--target-bpw", "33"], "1 to 32"), (["--target-bpw", "five"], "five"),
    (["--target-bpw", "5", "--method", "search"], "gptq"),
    (["--target-bpw", "5", "--method", "search", "--calibration", "c"], "gptq"),
    (["--target-bpw", "5", "--recipe", "r"], "--recipe"),
  ])
  func usage(_ options: [String], _ mentioned: String) throws {
    let run = try Program.run(["quantize", "x", "-o", "z", "--type", "mixed"] + options)
    expectRefusal(run, 64, mentioned)
  }

  @Test(arguments: [["--max-size", "9k"], ["--target-bpw", "5"]])
  func otherTypes(_ option: [String]) throws {
    let quantize = ["quantize", "x", "-o", "z"]
    expectRefusal(try Program.run(quantize + ["--type", "int4"] + option), 64, "mixed", option[0])
    expectRefusal(
      try Program.run(quantize + ["--recipe", "r"] + option), 64, "--recipe", option[0])
    expectRefusal(try Program.run(["convert", "x", "-o", "z"] + option), 64, option[0])
  }

  /// A budget that nothing fits is refused before anything is measured.
  @Test func budgetsOfAModel() throws {
    let bench = try Workbench()
    let tokens = try bench.folder.write("t.json", "[1, 2, 3, 4]")
    let quantize = [
      "quantize", bench.checkpoint, "-o", bench.path("a"), "--type", "mixed", "--calibration",
      tokens,
    ]
    expectRefusal(
      try Program.run(quantize + ["--target-bpw", "2"]), 64, "2.0 bits per weight: the smallest")
    expectRefusal(
      try Program.run(quantize + ["--max-size", "9k"]), 64, "9000 bytes: the smallest")
    expectRefusal(
      try Program.run(quantize + ["--target-bpw", "9", "--tensor", "*.nothing=int8"]), 64, "nothing"
    )
    #expect(try bench.folder.names() == ["t.json"])
  }

  @Test func budgetIsKeptAndReplayed() throws {
    let bench = try Workbench()
    let ids = (0..<64).map { JSON($0 * 7 % 320) }
    let tokens = try bench.folder.write("t.json", JSON.array(ids).serialized())
    let (a, b, recipe) = (bench.path("a"), bench.path("b"), bench.path("r.json"))
    let run = try kibble(
      "quantize", bench.checkpoint, "-o", a, "--type", "mixed", "--target-bpw", "9",
      "--calibration", tokens, "--save-recipe", recipe, "--json")
    #expect(run.code == 0, "\(run.errors)")
    let report = try run.json
    let bits = try #require(report["bits_per_weight"]?.doubleValue)
    #expect(bits <= 9 && bits > 8.5, "\(bits)")
    #expect(report["mixed"]?["front"]?.arrayValue?.count ?? 0 > 2)
    let replay = try kibble(
      "quantize", bench.checkpoint, "-o", b, "--recipe", recipe, "--calibration", tokens)
    #expect(replay.code == 0, "\(replay.errors)")
    #expect(try fileBytes(a) == fileBytes(b))
  }

  @Test func notToBeConvertedTo() throws {
    expectRefusal(try kibble("convert", "x", "-o", "z", "--type", "mixed"), 64, "mixed")
  }

  @Test func recipes() throws {
    let bench = try Workbench()
    let text = """
      {"schema": "kibble.recipe/1", "type": "mixed", "max_size": 100000, "rules": [
        {"pattern": "model.embed_tokens.weight", "type": "int8", "group_size": 64},
        {"pattern": "*.mlp.*_proj.weight", "type": "int4"}, {"pattern": "*.dt_proj.*", "type": "f32"},
        {"pattern": "*.self_attn.*_proj.weight", "type": "bf16"}]}
      """
    let recipe = try bench.folder.write("r.json", text)
    let (a, b) = (bench.path("a"), bench.path("b"))
    #expect(try kibble("convert", bench.checkpoint, "-o", a, "--recipe", recipe).code == 0)
    let saved = bench.path("saved.json")
    let run = try kibble(
      "quantize", bench.checkpoint, "-o", b, "--recipe", recipe, "--save-recipe", saved, "--json")
    #expect(run.code == 0, "\(run.errors)")
    #expect(try fileBytes(a) == fileBytes(b))
    #expect(try JSON.parse(fileBytes(saved))["max_size"] == 100_000)
    let tensors = try run.json["tensors"]?.arrayValue ?? []
    #expect(tensors.first?["note"] == "by its own rule")
    let partial = try bench.folder.write(
      "p.json", #"{"schema": "kibble.recipe/1", "type": "mixed", "rules": []}"#)
    expectRefusal(
      try kibble("convert", bench.checkpoint, "-o", a, "--force", "--recipe", partial), 65, partial,
      "model.embed_tokens.weight")
  }

  @Test func listing() throws {
    let choices: [MixedListing.Choice] = [
      .init(
        name: "model.embed_tokens.weight", type: .int8, bytes: 1_100_000, parameters: 1_000_000),
      .init(
        name: "model.layers.0.mlp.up_proj.weight", type: .int4, bytes: 55_000, parameters: 100_000),
      .init(
        name: "model.layers.1.mlp.up_proj.weight", type: .bf16, bytes: 200_000, parameters: 100_000),
      .init(
        name: "model.layers.2.mlp.up_proj.weight", type: .int4, bytes: 55_000, parameters: 100_000),
    ]
    let front = (0...200).map { step in
      FrontPoint(bytes: 800_000 + step * 10_000, cost: 0.02 / Double(1 + step))
    }
    let listing = MixedListing(
      choices: choices, total: FrontPoint(bytes: 1_413_000, cost: 0.0003), front: front,
      parameters: 1_301_000)
    #expect(
      listing.text(width: 80) == """
        tensors                   int4    int8      bf16  bits/weight
        --------------------  --------  ------  --------  -----------
        embed_tokens                    1.1 MB                  8.800
        layers.*.mlp.up_proj  110.0 kB          200.0 kB        8.267
        all of them           110.0 kB  1.1 MB  200.0 kB        8.677

         tensors  bits/weight  expected KLD
        --------  -----------  ------------  ------
        800.0 kB        4.919        0.0200
        810.0 kB        4.981        0.0100
        830.0 kB        5.104       0.00500
        870.0 kB        5.350       0.00250
        950.0 kB        5.842       0.00125
          1.1 MB        6.826      0.000625
          1.4 MB        8.689      0.000300  chosen
          1.4 MB        8.793      0.000313
          2.1 MB       12.729      0.000156

        """)
    let json = listing.json
    #expect(json["expected_kld"] == 0.0003 && json["tensor_bytes"] == 1_413_000)
    #expect(json["front"]?.arrayValue?.count == 201)
    #expect(json["front"]?.arrayValue?.first == ["tensor_bytes": 800_000, "expected_kld": 0.02])
  }
}
