import Diagnostics
import DogeArchitecture
import JSONCore
import Testing

/// Keys of config.json that say more than kibble knows.
@Suite struct ForeignConfigTests {
  @Test(arguments: [2048, 16, 0] as [JSON])
  func flashDynamicMaskIsRefused(window: JSON) {
    let json = sampleConfig(["window_size": window], without: ["keep_window_size"])
    #expect(problems(of: json) == [.flashDynamicMask])
    #expect(ConfigError.problems([.flashDynamicMask]).diagnostic.kind == .unsupported)
  }

  @Test func aWindowThatIsNullSaysNothing() {
    #expect(problems(of: sampleConfig(["window_size": nil])).isEmpty)
  }

  @Test(
    arguments: [
      ("final_logit_softcapping", 30.0, 0), ("alibi", true, false),
      ("residual_multiplier", 0.5, 1.0), ("query_pre_attn_scalar", 256, nil),
      ("no_rope_layers", [1, 0], []), ("num_nextn_predict_layers", 1, 0),
    ] as [(String, JSON, JSON)])
  func otherMathematics(key: String, value: JSON, neutral: JSON) throws {
    guard case .foreignMathematics(key, _)? = problems(of: sampleConfig([key: value])).first else {
      Issue.record("\(key) was accepted")
      return
    }
    let config = try DogeConfig(json: sampleConfig([key: neutral]))
    #expect(config.unknownKeys.isEmpty)
  }

  @Test func layersOfDifferentKindsAreRefused() {
    let mixed: JSON = ["full_attention", "sliding_attention"]
    #expect(problems(of: sampleConfig(["layer_types": mixed])).count == 1)
    #expect(problems(of: sampleConfig(["layer_types": ["full_attention"]])).isEmpty)
  }

  @Test func unknownKeysAreNamed() throws {
    let keys: [String: JSON] = ["time_step_limit": 1, "zeta\u{1B}": true]
    let checkpoint = try resolved(SampleTensors().tensors, keys)
    let warning = try #require(checkpoint.warnings.first)
    #expect(checkpoint.warnings.count == 1)
    #expect(warning.contains("'time_step_limit'"))
    #expect(!warning.contains("\u{1B}"))
  }

  @Test func deadKeysAreNot() throws {
    let keys: [String: JSON] = [
      "num_cdmmoe_experts": 4096, "torch_dtype": "bfloat16", "use_cache": false, "top_k": 50,
      "norm_topk_prob": true, "attention_dropout": 0.1,
    ]
    #expect(try resolved(SampleTensors().tensors, keys).warnings.isEmpty)
  }

  @Test(arguments: ["DogeModel", "Doge2Model"])
  func theBaseModelIsALanguageModelWithoutItsHead(name: String) {
    #expect(problems(of: sampleConfig(["architectures": [.string(name)]])).isEmpty)
  }

  // What was a silent 0 or false before.
  @Test(arguments: [("dynamic_mask_ratio", "half"), ("is_causal", 1)] as [(String, JSON)])
  func oldKeysHaveTypes(key: String, value: JSON) {
    #expect(problems(of: sampleConfig([key: value])).count == 1)
  }
}
