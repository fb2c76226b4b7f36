import Conversion
import DogeArchitecture
import Quantization
import TensorCore
import TestSupport
import Testing

/// What a conversion decides from headers alone.
@Suite struct PlanTests {
  private func types(_ fixture: String, _ recipe: EncodingRecipe) throws -> [String: String] {
    let plan = try plan(Fixtures.folder(fixture), recipe)
    return Dictionary(
      uniqueKeysWithValues: plan.records.map { ($0.name, $0.geometry.type.name) })
  }

  /// Large matrices are compressed, everything else stays f32.
  @Test(arguments: ["f16", "bf16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func compressedTypes(type: String) throws {
    let types = try types("cases/doge2-moe-untied", recipe(type))
    let prefix = "model.layers.1."
    for name in [
      "model.embed_tokens.weight", "lm_head.weight", prefix + "self_attn.q_proj.weight",
      prefix + "self_attn.o_proj.weight", prefix + "mlp.down_proj.weight",
      prefix + "mlp.down_embed.weight", prefix + "mlp.up_embed.weight",
    ] { #expect(types[name] == type, "\(name)") }
    for name in [
      "model.norm.weight", prefix + "input_layernorm.weight", prefix + "input_residual",
      prefix + "self_attn.A", prefix + "self_attn.dt_proj.weight",
      prefix + "self_attn.dt_proj.bias", prefix + "self_attn.q_norm.weight",
      prefix + "self_attn.q_proj.bias", prefix + "mlp.router_gate.weight",
    ] { #expect(types[name] == "f32", "\(name)") }
  }

  /// The reason for each fallback is told.
  @Test func notes() throws {
    let plan = try plan(
      Fixtures.folder("reference/e6-moe"), recipe("int4", rules: [("*.0.mlp.up_proj.*", "f16")]))
    func note(_ name: String) -> String? { plan.tensors.first { $0.name == name }?.note }
    #expect(note("model.norm.weight") == "kept f32: norm")
    #expect(note("model.layers.0.self_attn.dt_proj.weight") == "kept f32: dt_proj")
    #expect(note("model.layers.0.mlp.router_gate.weight") == "kept f32: router")
    #expect(note("model.layers.0.post_attention_residual") == "kept f32: residual gate")
    #expect(note("model.layers.0.self_attn.q_proj.weight") == nil)
    #expect(note("model.layers.0.mlp.up_proj.weight") == "by the rule '*.0.mlp.up_proj.*=f16'")
  }

  /// With `source`, each tensor keeps its own type and F64 becomes f32.
  @Test func sourceTypes() throws {
    let plan = try plan(Fixtures.folder("cases/weights-mixed-unaligned"), recipe("source"))
    let expected: [ElementType: WeightType] = [
      .f32: .f32, .f16: .f16, .bf16: .bf16, .f64: .f32,
    ]
    #expect(Set(plan.tensors.map(\.sourceType)).count == 4)
    for tensor in plan.tensors {
      let type = plan.records[tensor.records.lowerBound].geometry.type
      #expect(type == expected[tensor.sourceType], "\(tensor.name)")
      #expect(tensor.note == (tensor.sourceType == .f64 ? "rounded from F64" : nil))
    }
  }

  /// Matrices that are multiplied lie in tiles, all others in rows.
  @Test func arrangements() throws {
    let plan = try plan(Fixtures.folder("cases/doge2-moe-untied"), recipe("int8"))
    let tiles = plan.records.filter { $0.geometry.arrangement == .tiles }
      .map { plan.tensors[$0.tensor].spec.role }
    #expect(Set(tiles) == [.head, .q, .k, .v, .o, .gate, .up, .down, .router])
    let tied = try ConversionTests.plan(
      Fixtures.folder("reference/e6-gqa-tied-bf16"), recipe("int8"))
    #expect(tied.records[0].geometry.arrangement == .tiles)
  }

  /// The first rule that matches wins, and knows the current names.
  @Test func rules() throws {
    let rules = [("*.q_proj.weight", "f16"), ("*self_attn*", "source"), ("*norm*", "bf16")]
    let types = try types("reference/e3-oldnames-f32", recipe("int4", rules: rules))
    #expect(types["model.layers.0.self_attn.q_proj.weight"] == "f16")
    #expect(types["model.layers.0.self_attn.k_proj.weight"] == "f32")
    #expect(types["model.layers.0.input_layernorm.weight"] == "bf16")
    #expect(types["model.layers.0.mlp.up_proj.weight"] == "int4")
  }

  /// A rule may have a group size of its own.
  @Test func groupSizes() throws {
    var recipe = try recipe("int4", group: 128)
    recipe.rules = [
      TensorRule(glob: Glob("*.q_proj.weight"), type: .weights(.int8), groupSize: 64),
      TensorRule(glob: Glob("*.k_proj.weight"), type: .weights(.int8)),
      TensorRule(glob: Glob("*_proj.weight"), type: .weights(.int4), groupSize: 32),
    ]
    let plan = try plan(Fixtures.folder("doge-nano"), recipe)
    func group(_ role: TensorRole) -> Int? {
      plan.records.first { plan.tensors[$0.tensor].spec.role == role }?.geometry.groupSize
    }
    #expect(group(.q) == 64 && group(.k) == 128 && group(.v) == 32 && group(.embedding) == 128)
    let q = try #require(plan.tensors.first { $0.spec.role == .q })
    #expect(q.note == "by the rule '*.q_proj.weight=int8:64'")
  }

  /// A mixed recipe has a type for each large matrix.
  @Test func mixed() throws {
    let path = Fixtures.folder("reference/e6-gqa-tied-bf16")
    let embedding = ("model.embed_tokens.weight", "int8")
    let plan = try plan(path, recipe("mixed", rules: [embedding, ("*_proj.weight", "int4")]))
    func note(_ name: String) -> String? { plan.tensors.first { $0.name == name }?.note }
    #expect(note("model.embed_tokens.weight") == "by its own rule")
    #expect(note("model.layers.0.mlp.up_proj.weight") == "by the rule '*_proj.weight=int4'")
    #expect(note("model.norm.weight") == "kept f32: norm")
    let error = try diagnostic {
      _ = try ConversionTests.plan(path, recipe("mixed", rules: [embedding]))
    }
    #expect(error.code == "conversion.no-rule")
    #expect(error.tensor == "model.layers.0.self_attn.q_proj.weight")
  }

  /// A pattern in an old spelling is answered with the current one.
  @Test(arguments: ["reference/e3-oldnames-f32", "reference/e6-gqa-tied-bf16"])
  func oldSpelling(fixture: String) throws {
    func hint(_ pattern: String) throws -> String? {
      try diagnostic {
        _ = try plan(Fixtures.folder(fixture), recipe("int4", rules: [(pattern, "int8")]))
      }.hint
    }
    let old = try hint("*.feed_forward.up_proj.weight")
    #expect(old?.contains("model.layers.0.feed_forward.up_proj.weight is called") == true)
    #expect(old?.contains("model.layers.0.mlp.up_proj.weight there") == true)
    #expect(try hint("*.word_embed.weight")?.contains("model.embed_tokens.weight") == true)
    #expect(try hint("*.queries.weight")?.contains("called") == false)
  }

  /// Short last groups are planned, not avoided.
  @Test func shortGroups() throws {
    let plan = try plan(Fixtures.folder("cases/odd-shapes"), recipe("int4"))
    let q = try #require(plan.records.first { plan.tensors[$0.tensor].spec.role == .q })
    #expect(q.geometry.type == .int4)
    #expect(q.geometry.columns == 42)
    #expect(q.geometry.groupsPerRow == 2)
  }

  /// Recipes that do not fit are refused.
  @Test(arguments: [
    ("conversion.unmatched-rule", "int4", 32, ["*.queries.weight": "f32"]),
    ("conversion.quantized-vector", "f16", 32, ["*norm*": "int8"]),
    ("conversion.rule-type", "f16", 32, ["*": "mixed"]),
    ("conversion.group-size", "int4", 48, [:]),
  ])
  func refusals(code: String, type: String, group: Int, rules: [String: String]) throws {
    let recipe = try recipe(type, group: group, rules: rules.map { ($0.key, $0.value) })
    let error = try diagnostic {
      _ = try plan(Fixtures.folder("reference/e6-gqa-tied-bf16"), recipe)
    }
    #expect(error.code == code)
    #expect(error.kind == .usage)
  }

  /// Group sizes of rules that no file can have.
  @Test(arguments: [("int4", 48), ("f16", 32)])
  func ruleGroupSizes(type: String, size: Int) throws {
    var recipe = try recipe("int4")
    recipe.rules = [
      TensorRule(
        glob: Glob("*"), type: try #require(TargetType(name: type)), groupSize: size)
    ]
    let error = try diagnostic {
      _ = try plan(Fixtures.folder("reference/e6-gqa-tied-bf16"), recipe)
    }
    #expect(error.code == "conversion.rule-group-size")
    #expect(error.message.contains("'*=\(type):\(size)'"))
  }

  /// A quantized input is refused, whatever it shall become.
  @Test(arguments: ["source", "f32", "int8"])
  func quantizedInput(type: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("q.kibble")
    _ = try converter().write(
      plan(Fixtures.folder("reference/e6-gqa-tied-bf16"), recipe("int4", .rtn)), to: path)
    let error = try diagnostic { _ = try plan(path, recipe(type)) }
    #expect(error.code == "conversion.already-quantized")
    #expect(error.kind == .badData)
    #expect(error.path == path)
  }

  /// Bits per weight count scales and padding.
  @Test func bitsPerWeight() throws {
    let plan = try plan(Fixtures.folder("doge-nano"), recipe("int4"))
    let bytes = plan.records.reduce(0) { $0 + $1.geometry.totalBytes }
    #expect(plan.bitsPerWeight == Double(bytes) * 8 / Double(plan.parameterCount))
    #expect((4.5...4.8).contains(plan.bitsPerWeight))
  }
}
