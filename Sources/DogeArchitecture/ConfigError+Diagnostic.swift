import Diagnostics

extension ConfigError: Diagnosable {
  /// The error in words; the path of the file is for the caller to add.
  ///
  /// Where a model is not supported, only that is said: its other keys may mean something else.
  public var diagnostic: Diagnostic {
    switch self {
    case .notAnObject(let found):
      return Diagnostic(
        .badData, code: "config.not-an-object",
        "config.json must hold a JSON object, but holds \(found)",
        hint: "Check that this is the model's own config.json.")
    case .problems(let problems):
      let unsupported = problems.filter(\.isUnsupported)
      let shown = unsupported.isEmpty ? problems : unsupported
      return Diagnostic(
        unsupported.isEmpty ? .badData : .unsupported,
        code: shown.first?.code ?? "config.invalid",
        listed(shown, heading: "config.json has \(shown.count) problems:"),
        hint: shown.first?.hint)
    }
  }
}

extension ConfigProblem: Problem {
  /// Whether the file may be sound, but describes a model that kibble does not know.
  public var isUnsupported: Bool {
    switch self {
    case .modelType, .architecture, .innerValues, .quantized, .activation, .ropeType,
      .ropePerLayer, .partialRotation, .flashDynamicMask, .foreignMathematics:
      true
    default: false
    }
  }

  var code: String {
    switch self {
    case .missing: "config.missing-key"
    case .wrongType: "config.wrong-type"
    case .outOfRange: "config.out-of-range"
    case .wrongCount: "config.wrong-count"
    case .headsNotDivisible: "config.heads-not-divisible"
    case .oddHeadDimension: "config.odd-head-dimension"
    case .headDimensionBelowFour: "config.head-dimension-below-four"
    case .headsTooWide: "config.heads-too-wide"
    case .tooManyExpertsPerToken: "config.too-many-experts-per-token"
    case .frequencyBands: "config.frequency-bands"
    case .modelType: "config.unsupported-model-type"
    case .architecture: "config.unsupported-architecture"
    case .innerValues: "config.inner-function-layout"
    case .quantized: "config.already-quantized"
    case .activation: "config.unsupported-activation"
    case .ropeType: "config.unsupported-rope-type"
    case .ropePerLayer: "config.rope-per-layer"
    case .partialRotation: "config.partial-rotation"
    case .flashDynamicMask: "config.flash-dynamic-mask"
    case .foreignMathematics: "config.foreign-mathematics"
    }
  }

  var plural: String { "of this kind" }

  var sentence: String {
    switch self {
    case .missing(let key):
      "config.json has no \(key)"
    case .wrongType(let key, let expected, let found),
      .outOfRange(let key, let expected, let found):
      "config.json: \(key) must be \(expected), but is \(found)"
    case .wrongCount(let key, let expected, let found):
      "config.json: \(key) must hold \(expected) numbers, half of head_dim, but holds \(found)"
    case .headsNotDivisible(let heads, let keyValueHeads):
      "config.json: num_attention_heads \(heads) is not a multiple of num_key_value_heads "
        + "\(keyValueHeads)"
    case .oddHeadDimension(let dimension):
      "config.json: the head dimension (head_dim, or hidden_size / num_attention_heads) must be "
        + "even and above 0, as positions rotate pairs, but is \(dimension)"
    case .headDimensionBelowFour(let dimension):
      "config.json: dynamic rope scaling needs a head dimension of at least 4, but it is "
        + "\(dimension)"
    case .headsTooWide(let heads, let dimension):
      "config.json: \(heads) heads of dimension \(dimension) are wider together than "
        + "\(Limits.configSize)"
    case .tooManyExpertsPerToken(let perToken, let reachable):
      "config.json: num_experts_per_tok must be at most \(reachable), the number of experts that "
        + "the router can reach, but is \(perToken)"
    case .frequencyBands(let low, let high):
      "config.json: high_freq_factor must be above low_freq_factor \(low), but is \(high)"
    case .modelType(let name):
      "model_type \(quoted(name)) is not supported: kibble reads Doge models ('doge' and 'doge2')"
    case .architecture(let name):
      "architecture \(quoted(name)) is not supported: kibble reads the language models "
        + "'DogeForCausalLM' and 'Doge2ForCausalLM'"
    case .innerValues:
      "num_inner_values marks a Doge of the first generation (November 2024, inner function "
        + "attention), which kibble does not support"
    case .quantized(let method):
      "the checkpoint is already quantized (quantization_config"
        + (method.map { ", method " + quoted($0) } ?? "") + "): its weights cannot be read exactly"
    case .activation(let name):
      "hidden_act \(quoted(name)) is not supported: kibble knows silu, gelu, gelu_pytorch_tanh "
        + "and relu"
    case .ropeType(let name):
      "rope type \(quoted(name)) is not supported: kibble knows default, linear, dynamic, yarn, "
        + "longrope and llama3"
    case .ropePerLayer(let key):
      "\(key) has parameters per kind of layer, which no Doge has"
    case .partialRotation(let share):
      "partial_rotary_factor \(share) is not supported: Doge rotates whole heads"
    case .flashDynamicMask:
      "window_size marks a Doge of flash-dmattn's code (August to November 2025: a mask without "
        + "exp, experts chosen per token), which kibble does not support"
    case .foreignMathematics(let key, let value):
      "\(key) \(value) changes what a model computes, in a way that kibble does not know"
    }
  }

  fileprivate var hint: String? {
    switch self {
    case .modelType:
      "Use a checkpoint of the Doge family."
    case .architecture(let name) where name.hasSuffix("ForSequenceClassification"):
      "Use the causal language model that the classifier was made from."
    case .innerValues:
      "Use a newer revision of the repository (January 2025 or later)."
    case .quantized:
      "Use the original float checkpoint."
    case .flashDynamicMask:
      "Use a checkpoint of transformers' own Doge, whose config says keep_window_size."
    case .architecture, .activation, .ropeType, .ropePerLayer, .partialRotation,
      .foreignMathematics:
      nil
    default:
      "Check that config.json is the one that was published with these weights."
    }
  }
}
