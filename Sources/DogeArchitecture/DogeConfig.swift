/// What `config.json` says of a Doge model: sizes, switches and positions, checked.
///
/// Keys that no forward pass of the two families reads (dropout rates, `num_cdmoe_*` beside a
/// dense model, `router_aux_loss_coef`, ...) are ignored. Absent keys take the defaults of the
/// family's own configuration class; the sizes have none.
public struct DogeConfig: Equatable, Sendable {
  /// Which of the two configuration classes wrote the file (`model_type`).
  public let family: ModelFamily
  /// Rows of the embedding and of the head, V (`vocab_size`).
  public let vocabularySize: Int
  /// Width of the residual stream, d (`hidden_size`).
  public let hiddenSize: Int
  /// Width inside the feed-forward block (`intermediate_size`).
  public let intermediateSize: Int
  /// Number of blocks (`num_hidden_layers`).
  public let layerCount: Int
  /// Query heads, H (`num_attention_heads`).
  public let headCount: Int
  /// Key and value heads, KV (`num_key_value_heads`); divides `headCount`.
  public let keyValueHeadCount: Int
  /// Width of one head, hd (`head_dim`, or d / H rounded down); even.
  public let headDimension: Int
  /// The term that keeps RMSNorm from dividing by zero (`rms_norm_eps`).
  public let rmsNormEpsilon: Float
  /// The nonlinearity of the feed-forward block and of the experts (`hidden_act`).
  public let activation: Activation
  /// Whether q, k, v, dt and o have a bias (`attention_bias`, in older files `hidden_bias`).
  public let attentionBias: Bool
  /// Whether gate, up and down have a bias (`mlp_bias`, in older files `hidden_bias`).
  public let mlpBias: Bool
  /// The context that the model was trained for (`max_position_embeddings`).
  public let maxPositions: Int
  /// How many visible keys a query keeps, by dynamic mask (`keep_window_size`).
  ///
  /// Not every layout prunes: see `CheckpointLayout.prunes`.
  public let keepWindowSize: Int
  /// How many of the latest keys a query sees, itself included (`sliding_window`); nil for all.
  public let slidingWindow: Int?
  /// What the file says of the head (`tie_word_embeddings`); nil where it says nothing.
  ///
  /// The tensors decide: see `CheckpointLayout.tied`.
  public let tiesEmbeddings: Bool?
  /// The routed experts beside the dense feed-forward block; nil for a dense model.
  public let experts: MixtureOfExperts?
  /// How positions turn into rotations.
  public let rope: RotaryParameters
  /// The tokens that begin a text, as written: not checked against the vocabulary.
  public let bosTokenIDs: [Int]
  /// The tokens that end a text, as written: not checked against the vocabulary.
  public let eosTokenIDs: [Int]
  /// The tokens that fill a batch, as written: not checked against the vocabulary.
  public let padTokenIDs: [Int]

  /// The share of keys that early code masked (`dynamic_mask_ratio`); 0 where absent.
  package let dynamicMaskRatio: Double
  /// Whether early code was told to leave the dynamic mask away (`is_causal: true`).
  package let disablesDynamicMask: Bool
  /// Whether the file knows of pruning at all, as every file since the additive mask does.
  package let declaresPruning: Bool
  /// The most positions that the model can be run with: `maxPositions`, or more where `rope` says
  /// how.
  public var longestContext: Int { rope.longestContext(maxPositions: maxPositions) }

  /// The file's keys that kibble knows nothing of, in their order.
  package let unknownKeys: [String]
}

/// The two families of checkpoints, named as in `model_type`.
public enum ModelFamily: String, Sendable {
  case doge
  case doge2
}

/// The nonlinearities that a Doge feed-forward block can have.
public enum Activation: String, CaseIterable, Sendable {
  /// x · sigmoid(x).
  case silu
  /// x · Φ(x), with the error function.
  case gelu
  /// The approximation ½x · (1 + tanh(√(2/π) · (x + 0.044715x³))).
  case geluTanh
  /// max(x, 0).
  case relu

  /// The activation that transformers knows by that name, if it is one of the four.
  ///
  /// The names that transformers has for one function, computed one way or another, are equal
  /// here.
  public init?(configName: String) {
    switch configName {
    case "silu", "swish": self = .silu
    case "gelu", "gelu_python": self = .gelu
    case "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_new", "gelu_fast", "gelu_accurate":
      self = .geluTanh
    case "relu": self = .relu
    default: return nil
    }
  }
}

/// The sizes of the cross-domain mixture of experts.
public struct MixtureOfExperts: Equatable, Sendable {
  /// Rows of the experts' two tables, E (`num_experts`).
  public let count: Int
  /// Experts that each token is sent to, k (`num_experts_per_tok`); at most K².
  public let perToken: Int
  /// Keys in each half of the router, K = ⌊√E⌋; experts from K² on are never reached.
  public let keyCount: Int

  init(count: Int, perToken: Int) {
    self.count = count
    self.perToken = perToken
    keyCount = Self.keyCount(of: count)
  }

  /// The whole part of the square root of a count below 2^52.
  static func keyCount(of count: Int) -> Int {
    Int(Double(count).squareRoot())
  }
}
