import JSONCore
import TestSupport
import Testing

/// Recipe files, and group sizes of single tensors.
@Suite struct RecipeTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  /// Writes a model and its recipe.
  private func write(
    _ command: String, _ name: String, _ options: [String], model: String? = nil
  ) throws {
    let run = try Program.run(
      [command, model ?? bench.checkpoint, "-o", bench.path(name + ".kibble")] + options
        + ["--save-recipe", bench.path(name + ".json"), "--json"])
    try #require(run.code == 0, "\(run.errors)")
    #expect(try run.json["saved_recipe"]?.stringValue == bench.path(name + ".json"))
  }

  private func bytes(_ name: String) throws -> [UInt8] { try fileBytes(bench.path(name)) }

  @Test(arguments: [
    ("convert", []), ("convert", ["--type", "f16", "--tensor", "*norm*=source"]),
    ("convert", ["--type", "int8", "--group-size", "64", "--tensor", "*q_proj.weight=int4:32"]),
    ("quantize", ["--type", "int4", "--tensor", "model.embed_tokens.weight=int8"]),
    ("quantize", ["--type", "int4", "--method", "rtn", "--tensor", "*.0.*_proj.weight=int4:128"]),
  ])
  func replayed(_ command: String, _ options: [String]) throws {
    try write(command, "a", options)
    for replay in ["convert", "quantize"] {
      try write(replay, replay, ["--recipe", bench.path("a.json")])
      #expect(try bytes(replay + ".kibble") == bytes("a.kibble"))
      #expect(try bytes(replay + ".json") == bytes("a.json"))
    }
  }

  @Test func withoutTheRecipe() throws {
    try write("quantize", "a", ["--type", "int4"])
    let file = try bench.convert("plain.kibble", "--type", "int4")
    #expect(try fileBytes(file) == bytes("a.kibble"))
  }

  @Test func calibrated() throws {
    let ids = (0..<96).map { JSON($0 * 7 % 320) }
    let tokens = try bench.folder.write("t.json", JSON.array(ids).serialized())
    let others = try bench.folder.write("o.json", "[1, 2, 3, 4]")
    let recipe = bench.path("a.json")
    try write(
      "quantize", "a",
      [
        "--type", "int4", "--method", "gptq", "--calibration", tokens, "--tensor",
        "*_proj.weight=int4:64",
      ])
    try write("quantize", "b", ["--recipe", recipe, "--calibration", tokens])
    #expect(try bytes("a.kibble") == bytes("b.kibble"))
    #expect(try bytes("a.json") == bytes("b.json"))
    let model = bench.checkpoint
    let output = bench.path("c.kibble")
    let quantize = ["quantize", model, "-o", output, "--recipe", recipe]
    expectRefusal(
      try Program.run(quantize + ["--calibration", others]), 65, recipe, "96 tokens", "4 tokens")
    expectRefusal(
      try kibble("convert", model, "-o", output, "--recipe", recipe), 64, "calibration")
    try write("quantize", "s", ["--type", "int8"])
    expectRefusal(
      try kibble(
        "quantize", model, "-o", output, "--recipe", bench.path("s.json"), "--calibration", tokens),
      64, "gptq")
  }

  @Test(arguments: [
    ["--type", "int8"], ["--group-size", "32"], ["--method", "search"], ["--tensor", "*=f16"],
  ])
  func contradictions(_ option: [String]) throws {
    for command in option[0] == "--method" ? ["quantize"] : ["convert", "quantize"] {
      let run = try Program.run([command, "x", "-o", "z", "--recipe", "none"] + option)
      expectRefusal(run, 64, "--recipe", option[0])
    }
  }

  @Test func badRecipes() throws {
    let model = bench.checkpoint
    let output = bench.path("out")
    let wrong = try bench.folder.write(
      "wrong.json", #"{"schema": "kibble.recipe/1", "type": "int4", "rules": [{"pattern": 1}]}"#)
    let run = try kibble("convert", model, "-o", output, "--recipe", wrong)
    expectRefusal(run, 65, wrong, "rules[0].pattern")
    expectRefusal(
      try kibble("convert", model, "-o", output, "--recipe", bench.path("none")), 66, "none")
    // A recipe of another model.
    let other = try bench.folder.write(
      "other.json",
      """
      {"schema": "kibble.recipe/1", "type": "int4",
       "rules": [{"pattern": "*.router_gate.weight", "type": "f16"}]}
      """)
    expectRefusal(
      try kibble("quantize", model, "-o", output, "--recipe", other), 65, other, "router_gate")
    #expect(try bench.folder.names() == ["other.json", "wrong.json"])
  }

  @Test func placesOfRecipes() throws {
    let model = bench.checkpoint
    try write("quantize", "a", ["--type", "int4"])
    let recipe = bench.path("a.json")
    let before = try bytes("a.json")
    let output = bench.path("b.kibble")
    let convert = ["convert", model, "-o", output]
    expectRefusal(try Program.run(convert + ["--save-recipe", recipe]), 73, recipe, "--force")
    expectRefusal(
      try Program.run(convert + ["--save-recipe", recipe, "--recipe", recipe, "--force"]), 73,
      "input")
    expectRefusal(
      try kibble("convert", model, "-o", recipe, "--recipe", recipe, "--force"), 73, "input")
    expectRefusal(
      try Program.run(
        convert + ["--save-recipe", model + "/config.json", "--force"]), 73, "input")
    let same = bench.folder.path + "/./b.kibble"
    expectRefusal(try Program.run(convert + ["--save-recipe", same]), 64, "--save-recipe")
    expectRefusal(
      try Program.run(convert + ["--save-recipe", bench.path("no/r.json")]), 73, "no/r.json")
    #expect(try Program.run(convert + ["--save-recipe", bench.path("c"), "--dry-run"]).code == 0)
    #expect(try bytes("a.json") == before)
    #expect(try bench.folder.names() == ["a.json", "a.kibble"])
    #expect(try Program.run(convert + ["--save-recipe", recipe, "--force"]).code == 0)
    #expect(try bytes("a.json") != before)
  }

  @Test func groupSizes() throws {
    let file = try bench.convert(
      "a.kibble", "--type", "int4", "--tensor", "*q_proj.weight=INT8:64", "--tensor",
      "*k_proj.weight=int4:128")
    let tensors = try kibble("inspect", file, "--json").json["tensors"]?.arrayValue ?? []
    func stored(_ suffix: String) -> [JSON?] {
      let tensor = tensors.first { $0["name"]?.stringValue?.hasSuffix(suffix) == true }
      return [tensor?["type"], tensor?["group_size"]]
    }
    #expect(stored("q_proj.weight") == ["int8", 64])
    #expect(stored("k_proj.weight") == ["int4", 128])
    #expect(stored("v_proj.weight") == ["int4", 32])
    #expect(try kibble("check", file).code == 0)
    let text = try kibble("convert", bench.checkpoint, "-o", file, "--dry-run", "--force")
    #expect(text.code == 0 && !text.output.contains(" g32"))
    let grouped = try kibble(
      "convert", bench.checkpoint, "-o", file, "--dry-run", "--force", "--type", "int4",
      "--tensor", "*q_proj.weight=int8:64")
    #expect(grouped.output.contains("int8 g64") && grouped.output.contains("int4 g32"))
  }

  @Test func otherSpellings() throws {
    let model = Fixtures.folder("reference/e3-oldnames-f32")
    let output = bench.path("a.kibble")
    let run = try kibble(
      "convert", model, "-o", output, "--type", "int4", "--tensor", "*.feed_forward.*=int8")
    expectRefusal(
      run, 64, "model.layers.0.feed_forward.gate_proj.weight", "model.layers.0.mlp.gate_proj.weight"
    )
    let json = try kibble("convert", model, "-o", output, "--type", "int4", "--json").json
    let tensors = json["tensors"]?.arrayValue ?? []
    #expect(tensors.first?["source_name"] == "model.word_embed.weight")
    let q = tensors.first { $0["name"] == "model.layers.0.self_attn.q_proj.weight" }
    #expect(q != nil && q?["source_name"] == nil)
    let text = try kibble("convert", model, "-o", output, "--force")
    #expect(text.output.contains("layers.*.feed_forward.up_proj"))
    let plain = try kibble("convert", bench.checkpoint, "-o", output, "--force")
    #expect(!plain.output.contains("in the checkpoint"))
  }
}
