import Diagnostics
import JSONCore

extension DogeConfig {
  /// Reads the model's `config.json`.
  ///
  /// - Parameter json: the whole file.
  /// - Throws: `ConfigError` with every problem found. A model of another family is reported
  ///   alone, since the rest of its keys mean something else.
  public init(json: JSON) throws(ConfigError) {
    guard let object = json.objectValue else { throw .notAnObject(found: shown(json)) }
    var reader = ConfigReader(object)
    let family = try Self.family(from: &reader)
    Self.refuseUnsupported(from: &reader)

    let vocabularySize = reader.size("vocab_size", atMost: Limits.vocabulary)
    let hiddenSize = reader.size("hidden_size")
    let intermediateSize = reader.size("intermediate_size")
    let layerCount = reader.size("num_hidden_layers", atMost: Limits.layers)
    let heads = Heads(from: &reader, hiddenSize: hiddenSize)
    let maxPositions = reader.size("max_position_embeddings", default: 2048)
    let keepWindowSize = reader.size("keep_window_size", default: 2048)
    // Doge2's code has neither a sliding window nor biases outside attention.
    let slidingWindow = family == .doge ? reader.optionalSize("sliding_window") : nil
    let hiddenBias = reader.flag("hidden_bias", default: false)
    let attentionBias = reader.flag("attention_bias", default: family == .doge && hiddenBias)
    let mlpBias = family == .doge && reader.flag("mlp_bias", default: hiddenBias)
    let epsilon = Self.epsilon(from: &reader)
    let activation = Self.activation(from: &reader)
    let experts = MixtureOfExperts(from: &reader, family: family)
    let rope = RotaryParameters(
      from: &reader, headDimension: heads?.dimension, maxPositions: maxPositions)
    let tiesEmbeddings = reader.optionalFlag("tie_word_embeddings")
    let maskRatio = reader.numberUnlessZero("dynamic_mask_ratio") ?? 0
    let isCausal = reader.flag("is_causal", default: false)
    let bos = reader.tokenIDs("bos_token_id")
    let eos = reader.tokenIDs("eos_token_id")
    let pad = reader.tokenIDs("pad_token_id")

    guard reader.problems.isEmpty, let vocabularySize, let hiddenSize, let intermediateSize,
      let layerCount, let heads, let maxPositions, let keepWindowSize, let rope
    else { throw .problems(reader.problems) }
    self.init(
      family: family, vocabularySize: vocabularySize, hiddenSize: hiddenSize,
      intermediateSize: intermediateSize, layerCount: layerCount, headCount: heads.count,
      keyValueHeadCount: heads.keyValueCount, headDimension: heads.dimension,
      rmsNormEpsilon: epsilon, activation: activation, attentionBias: attentionBias,
      mlpBias: mlpBias, maxPositions: maxPositions, keepWindowSize: keepWindowSize,
      slidingWindow: slidingWindow, tiesEmbeddings: tiesEmbeddings, experts: experts, rope: rope,
      bosTokenIDs: bos, eosTokenIDs: eos, padTokenIDs: pad, dynamicMaskRatio: maskRatio,
      disablesDynamicMask: isCausal,
      declaresPruning: object["dynamic_mask_ratio"] != nil || object["keep_window_size"] != nil,
      unknownKeys: ConfigKeys.unknown(in: object))
  }

  private static func family(from reader: inout ConfigReader) throws(ConfigError) -> ModelFamily {
    guard reader.value("model_type") != nil else {
      throw .problems([.missing(key: "model_type")])
    }
    guard let name = reader.optionalText("model_type") else { throw .problems(reader.problems) }
    guard let family = ModelFamily(rawValue: name) else { throw .problems([.modelType(name)]) }
    return family
  }

  /// The language models, and the same without their heads, which are tied then.
  private static let architectures = [
    "DogeForCausalLM", "Doge2ForCausalLM", "DogeModel", "Doge2Model",
  ]

  private static func refuseUnsupported(from reader: inout ConfigReader) {
    for architecture in reader.value("architectures")?.arrayValue ?? [] {
      guard let name = architecture.stringValue else {
        let found = shown(architecture)
        reader.report(.wrongType(key: "architectures", expected: "a list of texts", found: found))
        continue
      }
      if !architectures.contains(name) { reader.report(.architecture(name)) }
    }
    if reader.value("num_inner_values") != nil { reader.report(.innerValues) }
    if let quantization = reader.value("quantization_config") {
      reader.report(.quantized(method: quantization["quant_method"]?.stringValue))
    }
    ConfigKeys.refuseForeign(from: &reader)
  }

  /// The epsilon; it must not vanish when it is rounded to the precision it is used in.
  private static func epsilon(from reader: inout ConfigReader) -> Float {
    guard let value = reader.number("rms_norm_eps", default: 1e-6) else { return 1 }
    let epsilon = Float(value)
    guard epsilon > 0, epsilon.isFinite else {
      reader.report(
        .outOfRange(
          key: "rms_norm_eps", expected: "a number that float32 can hold", found: "\(value)"))
      return 1
    }
    return epsilon
  }

  private static func activation(from reader: inout ConfigReader) -> Activation {
    guard let name = reader.optionalText("hidden_act") else { return .silu }
    guard let activation = Activation(configName: name) else {
      reader.report(.activation(name))
      return .silu
    }
    return activation
  }
}

/// The attention heads, which must fit one another.
private struct Heads {
  let count: Int
  let keyValueCount: Int
  let dimension: Int

  init?(from reader: inout ConfigReader, hiddenSize: Int?) {
    let count = reader.size("num_attention_heads")
    // Before grouped queries there was no such key; transformers reads null the same way.
    let hasGroups = reader.value("num_key_value_heads") != nil
    let keyValueCount = hasGroups ? reader.size("num_key_value_heads") : count
    if let count, let keyValueCount, count % keyValueCount != 0 {
      reader.report(.headsNotDivisible(heads: count, keyValueHeads: keyValueCount))
    }
    let dimension = Self.dimension(from: &reader, hiddenSize: hiddenSize, count: count)
    guard let count, let keyValueCount, let dimension else { return nil }
    guard count * dimension <= Limits.configSize else {
      reader.report(.headsTooWide(heads: count, dimension: dimension))
      return nil
    }
    self.count = count
    self.keyValueCount = keyValueCount
    self.dimension = dimension
  }

  private static func dimension(
    from reader: inout ConfigReader, hiddenSize: Int?, count: Int?
  ) -> Int? {
    let isGiven = reader.value("head_dim") != nil
    let stated = reader.optionalSize("head_dim")
    guard let hiddenSize, let count else { return nil }
    guard let dimension = isGiven ? stated : hiddenSize / count else { return nil }
    guard dimension > 0, dimension % 2 == 0 else {
      reader.report(.oddHeadDimension(dimension))
      return nil
    }
    return dimension
  }
}

extension MixtureOfExperts {
  /// The experts, or nil for a dense model: the keys also stand in the files of dense ones.
  fileprivate init?(from reader: inout ConfigReader, family: ModelFamily) {
    guard reader.flag("is_moe", default: false) else { return nil }
    let count = reader.size("num_experts", default: family == .doge ? 16384 : 4096)
    let perToken = reader.size("num_experts_per_tok", default: 64)
    guard let count, let perToken else { return nil }
    let keys = Self.keyCount(of: count)
    if perToken > keys * keys {
      reader.report(.tooManyExpertsPerToken(perToken: perToken, reachable: keys * keys))
    }
    self.init(count: count, perToken: perToken)
  }
}
