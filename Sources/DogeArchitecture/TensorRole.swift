/// What a tensor does in the model.
///
/// The raw value is the tensor's name in the current layout, that of transformers: whole for the
/// tensors outside the blocks, and without `model.layers.N.` for those inside.
public enum TensorRole: String, CaseIterable, Sendable {
  case embedding = "model.embed_tokens.weight"

  case inputNorm = "input_layernorm.weight"
  case q = "self_attn.q_proj.weight"
  case qBias = "self_attn.q_proj.bias"
  case k = "self_attn.k_proj.weight"
  case kBias = "self_attn.k_proj.bias"
  case v = "self_attn.v_proj.weight"
  case vBias = "self_attn.v_proj.bias"
  case qNorm = "self_attn.q_norm.weight"
  case kNorm = "self_attn.k_norm.weight"
  case maskScale = "self_attn.A"
  case dt = "self_attn.dt_proj.weight"
  case dtBias = "self_attn.dt_proj.bias"
  case o = "self_attn.o_proj.weight"
  case oBias = "self_attn.o_proj.bias"
  case inputResidual = "input_residual"

  case postNorm = "post_attention_layernorm.weight"
  case router = "mlp.router_gate.weight"
  case routerBias = "mlp.router_gate.bias"
  case downEmbed = "mlp.down_embed.weight"
  case upEmbed = "mlp.up_embed.weight"
  case gate = "mlp.gate_proj.weight"
  case gateBias = "mlp.gate_proj.bias"
  case up = "mlp.up_proj.weight"
  case upBias = "mlp.up_proj.bias"
  case down = "mlp.down_proj.weight"
  case downBias = "mlp.down_proj.bias"
  case postResidual = "post_attention_residual"

  case finalNorm = "model.norm.weight"
  case head = "lm_head.weight"

  /// The last word of its name that tells it apart, such as `q_proj`.
  public var shortName: String {
    let words = rawValue.split(separator: ".").filter { $0 != "weight" }
    return words.suffix(rawValue.hasSuffix(".bias") ? 2 : 1).joined(separator: ".")
  }

  /// Whether every block has the tensor, rather than the model once.
  public var isPerLayer: Bool {
    switch self {
    case .embedding, .finalNorm, .head: false
    default: true
    }
  }

  /// Whether the tensor carries the bulk of the weights, and may be stored in fewer bits.
  ///
  /// The others are small, and what they do (an exponential, a choice, a gate on the residual
  /// stream) makes much of a small error: they stay in float32 in every compressed file.
  public var isQuantizable: Bool {
    switch self {
    case .embedding, .head, .q, .k, .v, .o, .gate, .up, .down, .downEmbed, .upEmbed: true
    default: false
    }
  }

  /// The name in the current layout, in a block or (nil) outside the blocks.
  func canonicalName(layer: Int?) -> String {
    layer.map { "model.layers.\($0)." + rawValue } ?? rawValue
  }
}
