/// What the names of a checkpoint's tensors tell, before anything is expected of them.
struct CheckpointTraits {
  /// A checkpoint that kibble does not read, the most telling sign first.
  private(set) var refusal: UnsupportedLayout?
  /// The blocks that there are tensors of.
  private(set) var layers: Set<Int> = []
  private(set) var hasQKNorm = false
  private(set) var routerHasBias = false
  private(set) var hasHead = false

  private var oldNames = 0
  private var currentNames = 0
  private var residualModules = 0
  private var refusalRank = Int.max

  /// The spelling that most names have: a damaged checkpoint may lack any one of them.
  var naming: CheckpointNaming {
    if oldNames > currentNames { return .oldNames }
    return residualModules > 0 ? .residualModules : .current
  }

  init(names: some Sequence<String>) {
    for name in names {
      let (layer, suffix) = layerAndSuffix(of: name)
      if let layer { layers.insert(layer) }
      note(suffix)
      refuse(name, suffix: suffix, isPerLayer: layer != nil)
    }
  }

  private mutating func note(_ suffix: String) {
    switch suffix {
    case "self_attn.q_norm.weight", "self_attn.k_norm.weight": hasQKNorm = true
    case "lm_head.weight": hasHead = true
    case "input_residual.weight", "post_attention_residual.weight": residualModules += 1
    default: break
    }
    if suffix.hasSuffix(".router_gate.bias") { routerHasBias = true }
    if Self.begins(suffix, with: Self.oldMarks) { oldNames += 1 }
    if Self.begins(suffix, with: Self.currentMarks) { currentNames += 1 }
  }

  private mutating func refuse(_ name: String, suffix: String, isPerLayer: Bool) {
    if isPerLayer {
      if Self.begins(suffix, with: Self.innerFunctionMarks) {
        refuse(.innerFunction(tensor: name), rank: 0)
      } else if Self.begins(suffix, with: Self.hardMaskMarks) {
        refuse(.hardMask(tensor: name), rank: 1)
      } else if Self.begins(suffix, with: Self.productKeyMarks) {
        refuse(.productKeyExperts(tensor: name), rank: 4)
      }
      if Self.quantizedMarks.contains(where: suffix.hasSuffix) {
        refuse(.quantized(tensor: name), rank: 2)
      }
    } else if suffix == "score.weight" {
      refuse(.sequenceClassification(tensor: name), rank: 3)
    }
  }

  private mutating func refuse(_ layout: UnsupportedLayout, rank: Int) {
    guard rank < refusalRank else { return }
    refusal = layout
    refusalRank = rank
  }

  private static func begins(_ name: String, with marks: [String]) -> Bool {
    marks.contains(where: name.hasPrefix)
  }

  private static let oldMarks = [
    "model.word_embed.", "model.final_layernorm.", "pre_layernorm.", "pre_residual.",
    "post_layernorm.", "post_residual.", "feed_forward.",
  ]
  private static let currentMarks = [
    "model.embed_tokens.", "model.norm.", "input_layernorm.", "input_residual",
    "post_attention_layernorm.", "post_attention_residual", "mlp.",
  ]
  private static let innerFunctionMarks = [
    "attn.v_embed", "attn.dynamic_mask", "in_attn_layernorm.", "in_ff_layernorm.",
  ]
  private static let hardMaskMarks = [
    "attn.", "pre_sequence_layernorm.", "post_sequence_residual.", "pre_state_layernorm.",
    "post_state_residual.",
  ]
  private static let productKeyMarks = [
    "feed_forward.queries", "feed_forward.keys", "mlp.queries", "mlp.keys",
  ]
  /// The parts that bitsandbytes, GPTQ, AWQ and compressed-tensors put beside a weight.
  private static let quantizedMarks = [
    ".absmax", ".quant_map", ".nested_absmax", ".SCB", ".weight_format", ".qweight", ".qzeros",
    ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".weight_packed",
  ]
}
