import DogeArchitecture
import JSONCore
import TensorCore
import Testing

/// What is refused, and in which words.
@Suite struct LayoutErrorTests {
  private static let norm = "model.norm.weight"
  private static let q = "model.layers.0.self_attn.q_proj.weight"

  private func edited(
    _ sample: SampleTensors = SampleTensors(), _ edit: (inout Tensors) -> Void
  ) -> Tensors {
    var tensors = sample.tensors
    edit(&tensors)
    return tensors
  }

  private func mismatch(_ tensors: Tensors, _ changes: [String: JSON] = [:]) throws
    -> [LayoutProblem]
  {
    guard case .mismatch(let problems)? = try layoutError(tensors, changes) else { return [] }
    return problems
  }

  @Test(
    arguments: SampleTensors(attentionBias: true, mlpBias: true, experts: 64).tensors.map(\.name))
  func everyTensorIsNeeded(name: String) throws {
    let sample = SampleTensors(attentionBias: true, mlpBias: true, experts: 64)
    let changes: [String: JSON] = [
      "attention_bias": true, "mlp_bias": true, "is_moe": true, "num_experts": 64,
      "num_experts_per_tok": 4,
    ]
    let tensors = sample.tensors.filter { $0.name != name }
    let shape = try #require(sample.tensors.first { $0.name == name }).shape
    #expect(try mismatch(tensors, changes) == [.missing(name: name, shape: shape)])
  }

  @Test(arguments: SampleTensors(maskRows: 4, hasQKNorm: false, old: true).tensors.map(\.name))
  func everyTensorIsNeededUnderOldNames(name: String) throws {
    let sample = SampleTensors(maskRows: 4, hasQKNorm: false, old: true)
    let tensors = sample.tensors.filter { $0.name != name }
    let shape = try #require(sample.tensors.first { $0.name == name }).shape
    #expect(try mismatch(tensors) == [.missing(name: name, shape: shape)])
  }

  @Test(arguments: [
    "extra.weight", "../../outside/escape.weight", norm + "\0.weight", "lm_head.bias",
    "model.layers.1.self_attn.A", "model.layers.00.self_attn.A", "model.word_embed.weight",
    "model.layers.0.pre_layernorm.weight", "model.layers.0.self_attn.q_proj.bias",
    "model.layers.0.mlp.router_gate.weight", "other.rotary_emb.inv_freq",
  ])
  func nothingMayBeLeftOver(name: String) throws {
    let tensors = SampleTensors().tensors + [(name, .f32, [16])]
    #expect(try mismatch(tensors) == [.unexpected(name: name)])
  }

  @Test func aLayerTooMany() throws {
    let found = try mismatch(SampleTensors(layers: 2).tensors)
    #expect(found.count == 15)
    #expect(found.allSatisfy { $0.tensor?.hasPrefix("model.layers.1.") == true })
  }

  @Test func namesMustBeOfOneSpelling() throws {
    let tensors = edited {
      $0 = $0.map { ($0.name == Self.norm ? "model.final_layernorm.weight" : $0.name, $0.1, $0.2) }
    }
    #expect(
      try mismatch(tensors) == [
        .missing(name: Self.norm, shape: [16]),
        .unexpected(name: "model.final_layernorm.weight"),
      ])
  }

  @Test func aNameMayOccurOnce() throws {
    let tensors = SampleTensors().tensors + [(Self.norm, .f32, [16])]
    #expect(try mismatch(tensors) == [.repeated(name: Self.norm)])
  }

  // Rows: tensor, its shape.
  @Test(arguments: [
    (norm, [0]), (norm, []), (norm, [16, 1]), (q, [8, 16]), (q, [256]), (q, [16, 16, 1]),
    ("model.embed_tokens.weight", [25, 16]), ("model.layers.0.self_attn.A", [3]),
    ("model.layers.0.self_attn.A", [2, 1]), ("model.layers.0.self_attn.dt_proj.weight", [2, 16]),
    ("model.layers.0.self_attn.q_norm.weight", [16]),
  ])
  func shapes(name: String, shape: [Int]) throws {
    let expected = try #require(SampleTensors().tensors.first { $0.name == name }).shape
    let tensors = edited { $0 = $0.map { ($0.name, $0.type, $0.name == name ? shape : $0.shape) } }
    let problem = LayoutProblem.wrongShape(name: name, expected: expected, found: shape)
    #expect(try mismatch(tensors) == [problem])
  }

  /// With rows per kv head there were always q/k norms.
  @Test func rowsPerKVHeadCallForNorms() throws {
    #expect(
      try mismatch(SampleTensors(hasQKNorm: false).tensors) == [
        .missing(name: "model.layers.0.self_attn.q_norm.weight", shape: [4]),
        .missing(name: "model.layers.0.self_attn.k_norm.weight", shape: [4]),
      ])
  }

  @Test func layersMustAgree() throws {
    let first = SampleTensors(layers: 2).tensors.filter { !$0.name.contains("layers.1.") }
    let second = SampleTensors(maskRows: 4, layers: 2).tensors.filter {
      $0.name.contains("layers.1.")
    }
    #expect(
      try mismatch(first + second, ["num_hidden_layers": 2]) == [
        .wrongShape(name: "model.layers.1.self_attn.A", expected: [2], found: [4]),
        .wrongShape(
          name: "model.layers.1.self_attn.dt_proj.weight", expected: [2, 8], found: [4, 8]),
      ])
  }

  @Test(arguments: ElementType.allCases.filter { !$0.isSupportedWeight })
  func types(type: ElementType) throws {
    let tensors = edited {
      $0 = $0.map { ($0.name, $0.name == Self.q ? type : $0.type, $0.shape) }
    }
    #expect(try mismatch(tensors) == [.unsupportedType(name: Self.q, found: type)])
    #expect(try layoutError(tensors)?.diagnostic.kind == .unsupported)
  }

  @Test func aDuplicateHeadIsCheckedToo() throws {
    let tensors = SampleTensors().tensors + [("lm_head.weight", .f32, [24, 8])]
    let problem = LayoutProblem.wrongShape(
      name: "lm_head.weight", expected: [24, 16], found: [24, 8])
    #expect(try mismatch(tensors) == [problem])
  }

  @Test func noTensorsAtAll() throws {
    let found = try mismatch([])
    #expect(found.first == .missing(name: "model.embed_tokens.weight", shape: [24, 16]))
    #expect(found.last == .missing(name: Self.norm, shape: [16]))
  }

  // Rows: a tensor beside the sample's, what it gives away.
  @Test(
    arguments: [
      ("model.layers.0.attn.v_embed.weight", UnsupportedLayout.innerFunction),
      ("model.layers.0.attn.dynamic_mask", UnsupportedLayout.innerFunction),
      ("model.layers.0.in_attn_layernorm.weight", UnsupportedLayout.innerFunction),
      ("model.layers.0.attn.q_proj.weight", UnsupportedLayout.hardMask),
      ("model.layers.0.pre_sequence_layernorm.weight", UnsupportedLayout.hardMask),
      ("model.layers.0.post_state_residual.weight", UnsupportedLayout.hardMask),
      ("model.layers.0.feed_forward.queries.weight", UnsupportedLayout.productKeyExperts),
      ("model.layers.0.mlp.queries_proj.weight", UnsupportedLayout.productKeyExperts),
      ("model.layers.0.feed_forward.keys", UnsupportedLayout.productKeyExperts),
      ("score.weight", UnsupportedLayout.sequenceClassification),
      (q + ".absmax", UnsupportedLayout.quantized),
      ("model.layers.0.self_attn.q_proj.SCB", UnsupportedLayout.quantized),
      ("model.layers.0.mlp.up_proj.qweight", UnsupportedLayout.quantized),
      ("model.layers.0.mlp.up_proj.weight_scale", UnsupportedLayout.quantized),
    ] as [(String, @Sendable (String) -> UnsupportedLayout)])
  func foreignTensors(name: String, refusal: @Sendable (String) -> UnsupportedLayout) throws {
    let error = try layoutError(SampleTensors().tensors + [(name, .f32, [4])])
    #expect(error == .unsupported(refusal(name)))
    #expect(error?.diagnostic.kind == .unsupported)
    #expect(error?.diagnostic.tensor == name)
    #expect(error?.diagnostic.hint != nil)
  }

  @Test func theOldestSignWins() throws {
    let names = ["score.weight", "model.layers.0.attn.A", "model.layers.0.attn.v_embed.weight"]
    for order in [names, names.reversed()] {
      #expect(
        try layoutError(order.map { ($0, .f32, [4]) })
          == .unsupported(.innerFunction(tensor: "model.layers.0.attn.v_embed.weight")))
    }
  }

  @Test func repeatedValuesMeanTheHardMask() throws {
    let sample = SampleTensors(maskRows: 4, maskColumns: 16, hasQKNorm: false, old: true)
    let dt = "model.layers.0.self_attn.dt_proj.weight"
    #expect(
      try layoutError(sample.tensors) == .unsupported(.hardMaskGroupedQueries(tensor: dt)))
    // Under current names there was no such code: the shape is simply wrong.
    var current = sample
    current.old = false
    #expect(
      try mismatch(current.tensors)
        == [.wrongShape(name: dt, expected: [4, 8], found: [4, 16])])
  }

  @Test func withEqualHeadsTheConfigTellsTheHardMask() throws {
    let sample = SampleTensors(keyValueHeads: 4, maskRows: 4, hasQKNorm: false, old: true)
    func error(_ changes: [String: JSON]) throws -> LayoutError? {
      let equal: [String: JSON] = ["num_key_value_heads": 4]
      let absent = changes["keep_window_size"] == nil ? ["keep_window_size"] : []
      return try layoutError(sample.tensors, equal.merging(changes) { $1 }, without: absent)
    }
    let dt = "model.layers.0.self_attn.dt_proj.weight"
    #expect(try error([:]) == .unsupported(.hardMaskGroupedQueries(tensor: dt)))
    #expect(try error(["keep_window_size": 2048]) == nil)
    #expect(try error(["dynamic_mask_ratio": 0.0]) == nil)
  }

  @Test func earlyMaskRatios() throws {
    let ratio: [String: JSON] = ["dynamic_mask_ratio": 0.25]
    let old = SampleTensors(maskRows: 4, hasQKNorm: false, old: true)
    #expect(try layoutError(old.tensors, ratio) == .unsupported(.maskRatio(0.25)))
    #expect(try layoutError(old.tensors, ["dynamic_mask_ratio": 0.0]) == nil)
    // The current code does not read the key.
    #expect(try layoutError(SampleTensors().tensors, ratio) == nil)
    let doge2 = ratio.merging(["model_type": "doge2"]) { $1 }
    #expect(
      try layoutError(SampleTensors(maskRows: 4).tensors, doge2)
        == .unsupported(.maskRatio(0.25)))
    #expect(try layoutError(SampleTensors().tensors, doge2) == nil)
  }

  @Test func earlyModelsWithoutADynamicMask() throws {
    let old = SampleTensors(maskRows: 4, hasQKNorm: false, old: true)
    #expect(try layoutError(old.tensors, ["is_causal": true]) == .unsupported(.noDynamicMask))
    #expect(try layoutError(old.tensors, ["is_causal": false]) == nil)
  }

  @Test func allProblemsAreListedTheFirstTwentyOfAKind() throws {
    var tensors = SampleTensors().tensors.filter { $0.name != Self.norm }
    for index in 0..<33 { tensors.append(("extra.\(index).weight", .f32, [1])) }
    let diagnostic = try #require(try layoutError(tensors)).diagnostic
    let lines = diagnostic.message.split(separator: "\n")
    #expect(diagnostic.kind == .badData)
    #expect(diagnostic.code == "layout.missing-tensor")
    #expect(diagnostic.tensor == Self.norm)
    #expect(lines.count == 1 + 1 + 20 + 1)
    #expect(lines[0] == "tensors and config.json differ in 34 ways:")
    #expect(lines[1].contains("'\(Self.norm)' is missing"))
    #expect(lines[2].contains("'extra.0.weight'"))
    #expect(lines[22] == "  ... and 13 more unexpected tensors")
  }

  @Test func aSingleProblemIsOneSentenceAndEscaped() throws {
    let name = "a\u{1B}[2J\nb"
    let error = LayoutError.mismatch([.unexpected(name: name)])
    #expect(!error.diagnostic.message.contains("\n"))
    #expect(!error.diagnostic.message.contains("\u{1B}"))
    #expect(error.diagnostic.tensor == "a\\u{1b}[2J\\nb")
  }

  @Test func typesAmongOtherProblemsAreBadData() {
    let error = LayoutError.mismatch([
      .unsupportedType(name: "a", found: .i8), .unexpected(name: "b"),
    ])
    #expect(error.diagnostic.kind == .badData)
  }
}
