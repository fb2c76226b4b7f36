import DogeArchitecture
import JSONCore
import TensorCore
import Testing

/// What is accepted, and what it is taken for.
@Suite struct LayoutTests {
  // Rows: tensors, changes to the config, layout.
  @Test(
    arguments: [
      (SampleTensors(), [:], "current"),
      (SampleTensors(maskRows: 4, hasQKNorm: false), [:], "per-query-head"),
      (SampleTensors(maskRows: 4), [:], "per-query-head-qknorm"),
      (SampleTensors(maskRows: 4, hasQKNorm: false, old: true), [:], "per-query-head-old-names"),
      (SampleTensors(maskRows: 4, old: true), [:], "per-query-head-qknorm-old-names"),
      (SampleTensors(residualSuffix: ".weight"), [:], "current"),
      (
        SampleTensors(maskRows: 4, hasQKNorm: false, residualSuffix: ".weight"), [:],
        "per-query-head"
      ),
      // A kv head per query head: rows cannot tell.
      (SampleTensors(keyValueHeads: 4, maskRows: 4), ["num_key_value_heads": 4], "current"),
      (
        SampleTensors(keyValueHeads: 4, maskRows: 4, hasQKNorm: false),
        ["num_key_value_heads": 4], "per-query-head"
      ),
      (
        SampleTensors(keyValueHeads: 4, maskRows: 4, hasQKNorm: false, old: true),
        ["num_key_value_heads": 4], "per-query-head-old-names"
      ),
      // Doge2 comes with either number of rows.
      (SampleTensors(), ["model_type": "doge2"], "current"),
      (SampleTensors(maskRows: 4), ["model_type": "doge2"], "per-query-head-qknorm"),
    ] as [(SampleTensors, [String: JSON], String)])
  func detection(sample: SampleTensors, changes: [String: JSON], name: String) throws {
    // The order of the tensors in the file must not matter.
    for tensors in [sample.tensors, sample.tensors.reversed()] {
      let checkpoint = try resolved(tensors, changes)
      let layout = checkpoint.layout
      #expect(layout.name == name)
      #expect(layout.maskRows == sample.maskRows)
      #expect(layout.hasQKNorm == sample.hasQKNorm)
      #expect(layout.oldNames == sample.old)
      #expect(layout.prunes == !sample.old)
      #expect(layout.tied)
      #expect(checkpoint.tensors.count == tensors.count)
      #expect(Set(checkpoint.tensors.map(\.sourceName)) == Set(tensors.map(\.name)))
      for tensor in checkpoint.tensors {
        #expect(tensors[tensor.sourceIndex].name == tensor.sourceName)
        #expect(tensors[tensor.sourceIndex].shape == tensor.shape)
        #expect(layout.naming.name(of: tensor.spec) == tensor.sourceName)
      }

      // What a file records of the layout is enough to restore it.
      let restored = CheckpointLayout(
        name: layout.name, naming: layout.naming, tied: layout.tied,
        routerHasBias: layout.routerHasBias, config: checkpoint.config)
      #expect(restored == layout)
      #expect(layout.tensors(for: checkpoint.config) == checkpoint.tensors.map(\.spec))
    }
  }

  @Test func residualModulesAreANamingOfTheirOwn() throws {
    #expect(try resolved(SampleTensors().tensors).layout.naming == .current)
    let sample = SampleTensors(residualSuffix: ".weight")
    #expect(try resolved(sample.tensors).layout.naming == .residualModules)
  }

  @Test(arguments: [ElementType.f16, .bf16, .f32, .f64])
  func floatTypesAreAccepted(type: ElementType) throws {
    let checkpoint = try resolved(SampleTensors(type: type).tensors)
    #expect(checkpoint.tensors.allSatisfy { $0.sourceType == type })
  }

  @Test func biases() throws {
    let sample = SampleTensors(attentionBias: true, mlpBias: true)
    let checkpoint = try resolved(sample.tensors, ["attention_bias": true, "mlp_bias": true])
    let roles = Set(checkpoint.tensors.map(\.spec.role))
    #expect(
      roles.isSuperset(of: [
        .qBias, .kBias, .vBias, .dtBias, .oBias, .gateBias, .upBias, .downBias,
      ]))
  }

  @Test func biasesUnderOldNames() throws {
    let sample = SampleTensors(
      maskRows: 4, hasQKNorm: false, attentionBias: true, mlpBias: true, old: true)
    let checkpoint = try resolved(
      sample.tensors, ["hidden_bias": true], without: ["attention_bias", "mlp_bias"])
    #expect(checkpoint.tensors.contains { $0.sourceName.hasSuffix("feed_forward.up_proj.bias") })
  }

  @Test(arguments: [false, true], [false, true])
  func experts(old: Bool, routerBias: Bool) throws {
    let sample = SampleTensors(
      maskRows: 4, hasQKNorm: false, experts: 75, routerBias: routerBias, old: old)
    let checkpoint = try resolved(
      sample.tensors, ["is_moe": true, "num_experts": 75, "num_experts_per_tok": 5])
    #expect(checkpoint.layout.routerHasBias == routerBias)
    let router = try #require(checkpoint.tensors.first { $0.spec.role == .router })
    #expect(router.shape == [16, 16])
    let tables = checkpoint.tensors.filter { $0.spec.kind == .table }
    #expect(tables.map(\.spec.role) == [.downEmbed, .upEmbed])
  }

  // Rows: whether there is a head, what the config says, whether it is tied.
  @Test(
    arguments: [
      (false, true, true), (false, false, true), (false, nil, true),
      (true, false, false), (true, nil, false), (true, true, true),
    ] as [(Bool, Bool?, Bool)])
  func heads(hasHead: Bool, says: Bool?, tied: Bool) throws {
    let checkpoint = try resolved(
      SampleTensors(hasHead: hasHead).tensors, ["tie_word_embeddings": JSON(says)])
    #expect(checkpoint.layout.tied == tied)
    #expect(checkpoint.duplicateHead?.sourceName == (hasHead && tied ? "lm_head.weight" : nil))
    #expect(checkpoint.tensors.contains { $0.spec.role == .head } == !tied)
    #expect(checkpoint.tensors.first?.spec.kind == (tied ? .matrix : .table))
  }

  @Test func rotaryBuffersAreIgnored() throws {
    let names = [
      "model.rotary_emb.inv_freq", "model.layers.0.self_attn.rotary_emb.inv_freq",
      "model.layers.0.self_attn.rotary_emb.original_inv_freq",
    ]
    let checkpoint = try resolved(SampleTensors().tensors + names.map { ($0, .f32, [2]) })
    #expect(checkpoint.ignored == names)
  }

  @Test func canonicalOrder() throws {
    let checkpoint = try resolved(
      SampleTensors(layers: 2, hasHead: true).tensors,
      ["num_hidden_layers": 2, "tie_word_embeddings": false])
    let names = checkpoint.tensors.map(\.spec.canonicalName)
    #expect(names.first == "model.embed_tokens.weight")
    #expect(names.suffix(2) == ["model.norm.weight", "lm_head.weight"])
    #expect(
      names[1...15].map { String($0.dropFirst("model.layers.0.".count)) } == [
        "input_layernorm.weight", "self_attn.q_proj.weight", "self_attn.k_proj.weight",
        "self_attn.v_proj.weight", "self_attn.q_norm.weight", "self_attn.k_norm.weight",
        "self_attn.A", "self_attn.dt_proj.weight", "self_attn.o_proj.weight", "input_residual",
        "post_attention_layernorm.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight",
        "mlp.down_proj.weight", "post_attention_residual",
      ])
    #expect(names[16] == "model.layers.1.input_layernorm.weight")
  }

  @Test func parameterCount() throws {
    // Embedding 24·16, then per layer the sums of the shapes, then the final norm.
    let layer = 4 * 16 + 16 * 16 + 2 * 8 * 16 + 2 * 4 + 2 + 2 * 8 + 16 * 16 + 3 * 20 * 16
    #expect(try resolved(SampleTensors().tensors).parameterCount == 24 * 16 + layer + 16)
  }

  @Test(
    arguments: [
      ("current", .oldNames), ("current-old-names", .current), ("newest", nil), ("", nil),
      ("-old-names", nil),
    ] as [(String, CheckpointNaming?)])
  func unknownLayoutNames(name: String, naming: CheckpointNaming?) throws {
    let config = try DogeConfig(json: sampleConfig())
    let layout = CheckpointLayout(
      name: name, naming: naming, tied: true, routerHasBias: false, config: config)
    #expect(layout == nil)
  }

  @Test func smallTensorsAreNotQuantizable() {
    let kept: Set<TensorRole> = [
      .inputNorm, .postNorm, .finalNorm, .inputResidual, .postResidual, .maskScale, .dt, .dtBias,
      .qBias, .kBias, .vBias, .oBias, .gateBias, .upBias, .downBias, .qNorm, .kNorm, .router,
      .routerBias,
    ]
    #expect(Set(TensorRole.allCases.filter { !$0.isQuantizable }) == kept)
  }
}
