import DogeArchitecture
import JSONCore
import Kernels
import ModelFile

extension CurrentLayout {
  /// Keys of earlier code, which would mislead whoever reads them beside the new ones.
  private static let removed = [
    "auto_map", "hidden_bias", "dynamic_mask_ratio", "is_causal", "sliding_window",
  ]
  /// As good as no limit to the keys of a query.
  private static let keepsAll = 1 << 30

  /// The config.json of the model in heads of `width` channels, everything spelled out in which
  /// the defaults of one configuration class differ from those of another.
  static func config(_ original: JSONObject, of model: StoredModel, width: Int) -> JSONObject {
    let config = model.config
    var result = original
    for key in removed { result[key] = nil }
    result["architectures"] = ["DogeForCausalLM"]
    result["model_type"] = "doge"
    result["head_dim"] = JSON(width)
    if model.layout.generation != .current {
      result["num_key_value_heads"] = JSON(config.headCount)
    }
    result["attention_bias"] = JSON(config.attentionBias || width != config.headDimension)
    result["mlp_bias"] = JSON(config.mlpBias)
    result["keep_window_size"] = JSON(model.layout.prunes ? config.keepWindowSize : keepsAll)
    if let window = config.slidingWindow { result["sliding_window"] = JSON(window) }
    result["tie_word_embeddings"] = JSON(model.layout.tied)
    if let experts = config.experts {
      result["num_experts"] = JSON(experts.count)
      result["num_experts_per_tok"] = JSON(experts.perToken)
    }
    // ExportedConfig puts the type there.
    if result["dtype"] == nil, result["torch_dtype"] == nil { result["torch_dtype"] = .null }
    if width != config.headDimension { stretchRope(in: &result, of: config, width: width) }
    return result
  }

  /// The base θ^(D/hd) gives the pair of channels i of D the frequency θ^(-2i/hd), as before;
  /// scalings that go by frequencies, or by the places of channels, do the same as before, too.
  ///
  /// All versions of transformers that know Doge read this spelling.
  private static func stretchRope(
    in object: inout JSONObject, of config: DogeConfig, width: Int
  ) {
    let share = Double(width) / Double(config.headDimension)
    let scalings = [object["rope_scaling"], object["rope_parameters"]].map { $0?.objectValue }
    let scaling = scalings.compactMap(\.self).first { !$0.isEmpty }
    object["rope_parameters"] = nil
    object["rope_scaling"] = nil
    object["rope_theta"] = JSON(deterministicPow(config.rope.theta, share))
    guard var scaling, config.rope.scaling != .none else { return }
    scaling["rope_type"] = scaling["rope_type"] ?? scaling["type"]
    scaling["type"] = nil
    scaling["rope_theta"] = nil
    for key in ["short_factor", "long_factor"] {
      guard let factors = scaling[key]?.arrayValue else { continue }
      // The new channels are zero, however they are turned.
      scaling[key] = .array(
        factors + [JSON](repeating: 1.0, count: (width - config.headDimension) / 2))
    }
    object["rope_scaling"] = .object(scaling)
  }
}
