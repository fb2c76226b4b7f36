import DogeArchitecture
import JSONCore
import Testing

@Suite struct NamingTests {
  // Rows: current name, with residual modules, old name.
  @Test(
    arguments: [
      ("model.embed_tokens.weight", nil, "model.word_embed.weight"),
      ("model.norm.weight", nil, "model.final_layernorm.weight"),
      ("lm_head.weight", nil, "lm_head.weight"),
      ("model.layers.0.input_layernorm.weight", nil, "model.layers.0.pre_layernorm.weight"),
      (
        "model.layers.31.input_residual", "model.layers.31.input_residual.weight",
        "model.layers.31.pre_residual.weight"
      ),
      (
        "model.layers.2.post_attention_layernorm.weight", nil,
        "model.layers.2.post_layernorm.weight"
      ),
      (
        "model.layers.2.post_attention_residual", "model.layers.2.post_attention_residual.weight",
        "model.layers.2.post_residual.weight"
      ),
      ("model.layers.2.self_attn.A", nil, "model.layers.2.self_attn.A"),
      ("model.layers.2.self_attn.q_proj.bias", nil, "model.layers.2.self_attn.q_proj.bias"),
      ("model.layers.2.self_attn.dt_proj.weight", nil, "model.layers.2.self_attn.dt_proj.weight"),
      ("model.layers.2.mlp.up_proj.weight", nil, "model.layers.2.feed_forward.up_proj.weight"),
      (
        "model.layers.2.mlp.router_gate.weight", nil,
        "model.layers.2.feed_forward.router_gate.weight"
      ),
      (
        "model.layers.2.mlp.down_embed.weight", nil,
        "model.layers.2.feed_forward.down_embed.weight"
      ),
    ] as [(String, String?, String)])
  func spellings(current: String, residualModules: String?, old: String) {
    #expect(CheckpointNaming.current.name(of: current) == current)
    #expect(CheckpointNaming.residualModules.name(of: current) == residualModules ?? current)
    #expect(CheckpointNaming.oldNames.name(of: current) == old)
  }

  @Test(arguments: [
    "", "model.embed_tokens", "model.layers.0.embed_tokens.weight", "self_attn.A",
    "model.layers.0.lm_head.weight", "model.layers.00.self_attn.A", "model.layers.-1.self_attn.A",
    "model.layers.+1.self_attn.A", "model.layers.x.self_attn.A", "model.layers.0",
    "model.layers.99999999999999999999.self_attn.A", "model.word_embed.weight",
  ])
  func unknownNames(name: String) {
    for naming in CheckpointNaming.allCases { #expect(naming.name(of: name) == nil) }
  }

  /// Every naming gives every tensor its own name, so that exports cannot collide.
  @Test(arguments: CheckpointNaming.allCases)
  func namesAreDistinct(naming: CheckpointNaming) throws {
    let config = try DogeConfig(
      json: sampleConfig([
        "num_hidden_layers": 12, "attention_bias": true, "mlp_bias": true, "is_moe": true,
        "num_experts": 64, "num_experts_per_tok": 4,
      ]))
    let layout = try #require(
      CheckpointLayout(
        name: naming == .oldNames ? "current-old-names" : "current", naming: naming, tied: false,
        routerHasBias: true, config: config))
    let specs = layout.tensors(for: config)
    #expect(specs.count == 12 * TensorRole.allCases.filter(\.isPerLayer).count + 3)
    #expect(Set(specs.map(\.canonicalName)).count == specs.count)
    #expect(Set(specs.map(naming.name(of:))).count == specs.count)
    for spec in specs { #expect(naming.name(of: spec.canonicalName) == naming.name(of: spec)) }
  }
}
