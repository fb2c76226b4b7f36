import DogeArchitecture
import JSONCore
import Testing

@Suite struct DogeConfigTests {
  @Test func readsEveryKey() throws {
    let config = try DogeConfig(
      json: sampleConfig([
        "num_hidden_layers": 3, "attention_bias": true, "mlp_bias": true, "hidden_act": "relu",
        "rms_norm_eps": 0.003, "sliding_window": 16, "keep_window_size": 12, "is_moe": true,
        "num_experts": 75, "num_experts_per_tok": 5, "tie_word_embeddings": false,
        "bos_token_id": 0, "eos_token_id": [1, 2], "rope_theta": 40000, "head_dim": 6,
      ]))
    #expect(config.family == .doge)
    #expect(config.vocabularySize == 24)
    #expect(config.hiddenSize == 16)
    #expect(config.intermediateSize == 20)
    #expect(config.layerCount == 3)
    #expect(config.headCount == 4)
    #expect(config.keyValueHeadCount == 2)
    #expect(config.headDimension == 6)
    #expect(config.rmsNormEpsilon == 0.003)
    #expect(config.activation == .relu)
    #expect(config.attentionBias && config.mlpBias)
    #expect(config.maxPositions == 64)
    #expect(config.keepWindowSize == 12)
    #expect(config.slidingWindow == 16)
    #expect(config.tiesEmbeddings == false)
    #expect(config.experts?.count == 75)
    #expect(config.experts?.perToken == 5)
    #expect(config.experts?.keyCount == 8)
    #expect(config.rope == RotaryParameters(theta: 40000))
    #expect(config.bosTokenIDs == [0])
    #expect(config.eosTokenIDs == [1, 2])
    #expect(config.padTokenIDs == [])
  }

  @Test func absentKeysTakeTheDefaultsOfTransformers() throws {
    let config = try DogeConfig(
      json: [
        "model_type": "doge", "vocab_size": 24, "hidden_size": 26, "intermediate_size": 20,
        "num_hidden_layers": 1, "num_attention_heads": 4, "is_moe": true,
      ])
    #expect(config.keyValueHeadCount == 4)
    #expect(config.headDimension == 6)
    #expect(config.rmsNormEpsilon == 1e-6)
    #expect(config.activation == .silu)
    #expect(!config.attentionBias && !config.mlpBias)
    #expect(config.maxPositions == 2048)
    #expect(config.keepWindowSize == 2048)
    #expect(config.slidingWindow == nil)
    #expect(config.tiesEmbeddings == nil)
    #expect(config.experts?.count == 16384)
    #expect(config.experts?.perToken == 64)
    #expect(config.experts?.keyCount == 128)
    #expect(config.rope == RotaryParameters(theta: 10000))
  }

  @Test func aDenseModelHasNoExpertsWhateverItsDeadKeysSay() throws {
    let config = try DogeConfig(
      json: sampleConfig([
        "num_experts": 16384, "num_experts_per_tok": 64, "num_cdmmoe_experts": 4096,
        "num_cdmoe_experts": 16348, "num_cdmoe_heads": "four", "expert_retrieval_size": -1,
      ]))
    #expect(config.experts == nil)
  }

  // Rows: changes, whether attention and the feed-forward block have biases.
  @Test(
    arguments: [
      (["hidden_bias": true], true, true),
      (["hidden_bias": true, "attention_bias": false], false, true),
      (["hidden_bias": true, "mlp_bias": false], true, false),
      (["attention_bias": true], true, false),
      (["hidden_bias": true, "model_type": "doge2"], false, false),
      (["attention_bias": true, "mlp_bias": true, "model_type": "doge2"], true, false),
    ] as [([String: JSON], Bool, Bool)])
  func biases(changes: [String: JSON], attention: Bool, mlp: Bool) throws {
    let absent = ["attention_bias", "mlp_bias"].filter { changes[$0] == nil }
    let config = try DogeConfig(json: sampleConfig(changes, without: absent))
    #expect(config.attentionBias == attention)
    #expect(config.mlpBias == mlp)
  }

  @Test func doge2HasNoSlidingWindowAndItsOwnDefaults() throws {
    let config = try DogeConfig(
      json: sampleConfig([
        "model_type": "doge2", "architectures": ["Doge2ForCausalLM"], "sliding_window": 8,
        "is_moe": true,
      ]))
    #expect(config.family == .doge2)
    #expect(config.slidingWindow == nil)
    #expect(config.experts?.count == 4096)
    #expect(config.experts?.keyCount == 64)
  }

  @Test(arguments: [
    ("silu", Activation.silu), ("swish", .silu), ("gelu", .gelu), ("gelu_python", .gelu),
    ("gelu_pytorch_tanh", .geluTanh), ("gelu_new", .geluTanh), ("gelu_fast", .geluTanh),
    ("relu", .relu),
  ])
  func activations(name: String, activation: Activation) throws {
    let config = try DogeConfig(json: sampleConfig(["hidden_act": .string(name)]))
    #expect(config.activation == activation)
  }

  /// The number of keys, for squares and their neighbours.
  @Test(arguments: [
    (1, 1), (3, 1), (4, 2), (63, 7), (64, 8), (80, 8), (81, 9), (16348, 127), (16384, 128),
    (1 << 31, 46340),
  ])
  func keysOfExperts(count: Int, keys: Int) throws {
    let config = try DogeConfig(
      json: sampleConfig([
        "is_moe": true, "num_experts": JSON(count), "num_experts_per_tok": 1,
      ]))
    #expect(config.experts?.keyCount == keys)
  }

  @Test(arguments: [nil, ["DogeForCausalLM"], ["Doge2ForCausalLM"], []] as [JSON])
  func acceptedArchitectures(value: JSON) {
    #expect(problems(of: sampleConfig(["architectures": value])) == [])
  }
}
