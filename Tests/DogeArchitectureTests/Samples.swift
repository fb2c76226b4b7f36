import DogeArchitecture
import JSONCore
import TensorCore
import Testing

typealias Tensors = [(name: String, type: ElementType, shape: [Int])]

/// A small config of the current layout: d 16, 4 heads of 4 sharing 2 kv heads, one layer.
func sampleConfig(_ changes: [String: JSON] = [:], without absent: [String] = []) -> JSON {
  var members: [(String, JSON)] = [
    ("architectures", ["DogeForCausalLM"]), ("model_type", "doge"), ("vocab_size", 24),
    ("hidden_size", 16), ("intermediate_size", 20), ("num_hidden_layers", 1),
    ("num_attention_heads", 4), ("num_key_value_heads", 2), ("attention_bias", false),
    ("mlp_bias", false), ("hidden_act", "silu"), ("rms_norm_eps", 1e-6),
    ("tie_word_embeddings", true), ("max_position_embeddings", 64), ("rope_theta", 10000.0),
    ("rope_scaling", nil), ("sliding_window", nil), ("keep_window_size", 2048), ("is_moe", false),
  ]
  for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
    members.removeAll { $0.0 == key }
    members.append((key, value))
  }
  return .object(JSONObject(members.filter { !absent.contains($0.0) }))
}

/// The config's problems, empty if it is fine.
func problems(of json: JSON) -> [ConfigProblem] {
  do {
    _ = try DogeConfig(json: json)
    return []
  } catch .problems(let problems) {
    return problems
  } catch {
    Issue.record(error)
    return []
  }
}

/// The tensors of a checkpoint, put together as the original code does.
struct SampleTensors {
  var heads = 4
  var keyValueHeads = 2
  var headDimension = 4
  var maskRows = 2
  var maskColumns: Int?
  var layers = 1
  var hasQKNorm = true
  var attentionBias = false
  var mlpBias = false
  var experts: Int?
  var routerBias = false
  var hasHead = false
  var old = false
  var residualSuffix = ""
  var type = ElementType.f32

  var tensors: Tensors {
    let d = 16
    let inner = 20
    let width = keyValueHeads * headDimension
    var shapes: [(String, [Int])] = [("model.embed_tokens.weight", [24, d])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      func add(_ name: String, _ shape: [Int]) { shapes.append((prefix + name, shape)) }
      func linear(_ name: String, _ rows: Int, _ columns: Int, _ biased: Bool) {
        add(name + ".weight", [rows, columns])
        if biased { add(name + ".bias", [rows]) }
      }
      add("input_layernorm.weight", [d])
      add("post_attention_layernorm.weight", [d])
      add("input_residual" + residualSuffix, [d])
      add("post_attention_residual" + residualSuffix, [d])
      linear("self_attn.q_proj", heads * headDimension, d, attentionBias)
      linear("self_attn.k_proj", width, d, attentionBias)
      linear("self_attn.v_proj", width, d, attentionBias)
      linear("self_attn.o_proj", d, heads * headDimension, attentionBias)
      linear("self_attn.dt_proj", maskRows, maskColumns ?? width, attentionBias)
      add("self_attn.A", [maskRows])
      if hasQKNorm {
        add("self_attn.q_norm.weight", [headDimension])
        add("self_attn.k_norm.weight", [headDimension])
      }
      linear("mlp.gate_proj", inner, d, mlpBias)
      linear("mlp.up_proj", inner, d, mlpBias)
      linear("mlp.down_proj", d, inner, mlpBias)
      if let experts {
        linear("mlp.router_gate", 2 * Int(Double(experts).squareRoot()), d, routerBias)
        add("mlp.down_embed.weight", [experts, d])
        add("mlp.up_embed.weight", [experts, d])
      }
    }
    shapes.append(("model.norm.weight", [d]))
    if hasHead { shapes.append(("lm_head.weight", [24, d])) }
    return shapes.map { (old ? oldName($0.0) : $0.0, type, $0.1) }
  }

  private func oldName(_ name: String) -> String {
    let renamed = [
      ("model.embed_tokens.", "model.word_embed."), ("model.norm.", "model.final_layernorm."),
      (".input_layernorm.", ".pre_layernorm."), (".post_attention_layernorm.", ".post_layernorm."),
      (".input_residual", ".pre_residual.weight"),
      (".post_attention_residual", ".post_residual.weight"), (".mlp.", ".feed_forward."),
    ]
    return renamed.reduce(name) { $0.replacing($1.0, with: $1.1) }
  }
}

/// Resolves the tensors against the sample config.
func resolved(
  _ tensors: Tensors, _ changes: [String: JSON] = [:], without absent: [String] = []
) throws -> ResolvedCheckpoint {
  let config = try DogeConfig(json: sampleConfig(changes, without: absent))
  return try resolve(config: config, tensors: tensors)
}

/// What stands in the way of resolving the tensors; nil if nothing does.
func layoutError(
  _ tensors: Tensors, _ changes: [String: JSON] = [:], without absent: [String] = []
) throws -> LayoutError? {
  do {
    _ = try resolved(tensors, changes, without: absent)
    return nil
  } catch let error as LayoutError {
    return error
  }
}
