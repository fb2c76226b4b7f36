import DogeArchitecture
import JSONCore
import Testing

/// One row for each rule: the change to a sound config, the problem it makes, and the exit code.
@Suite struct ConfigProblemTests {
  private static let size = "a number from 1 to 2147483648"

  @Test(
    arguments: [
      ("hidden_size", 0, .outOfRange(key: "hidden_size", expected: size, found: "0")),
      (
        "intermediate_size", -1,
        .outOfRange(key: "intermediate_size", expected: size, found: "-1")
      ),
      (
        "hidden_size", "16",
        .wrongType(key: "hidden_size", expected: "a whole number", found: "the text '16'")
      ),
      (
        "hidden_size", 16.5,
        .wrongType(key: "hidden_size", expected: "a whole number", found: "16.5")
      ),
      (
        "intermediate_size", true,
        .wrongType(key: "intermediate_size", expected: "a whole number", found: "true")
      ),
      (
        "hidden_size", 2_147_483_649,
        .outOfRange(key: "hidden_size", expected: size, found: "2147483649")
      ),
      (
        "vocab_size", 4_194_305,
        .outOfRange(
          key: "vocab_size", expected: "a number from 1 to 4194304", found: "4194305")
      ),
      (
        "num_hidden_layers", 1025,
        .outOfRange(
          key: "num_hidden_layers", expected: "a number from 1 to 1024", found: "1025")
      ),
      (
        "num_key_value_heads", 0,
        .outOfRange(key: "num_key_value_heads", expected: size, found: "0")
      ),
      ("num_key_value_heads", 3, .headsNotDivisible(heads: 4, keyValueHeads: 3)),
      ("num_key_value_heads", 8, .headsNotDivisible(heads: 4, keyValueHeads: 8)),
      ("head_dim", 7, .oddHeadDimension(7)),
      ("num_attention_heads", 32, .oddHeadDimension(0)),
      ("head_dim", 1_073_741_824, .headsTooWide(heads: 4, dimension: 1_073_741_824)),
      (
        "keep_window_size", 0,
        .outOfRange(key: "keep_window_size", expected: size, found: "0")
      ),
      ("sliding_window", 0, .outOfRange(key: "sliding_window", expected: size, found: "0")),
      (
        "max_position_embeddings", -5,
        .outOfRange(key: "max_position_embeddings", expected: size, found: "-5")
      ),
      (
        "rms_norm_eps", 0,
        .outOfRange(key: "rms_norm_eps", expected: "a finite number above 0", found: "0")
      ),
      (
        "rms_norm_eps", "tiny",
        .wrongType(key: "rms_norm_eps", expected: "a number", found: "the text 'tiny'")
      ),
      (
        "rms_norm_eps", 1e-60,
        .outOfRange(
          key: "rms_norm_eps", expected: "a number that float32 can hold", found: "1e-60")
      ),
      (
        "attention_bias", 1,
        .wrongType(key: "attention_bias", expected: "true or false", found: "1")
      ),
      (
        "tie_word_embeddings", "yes",
        .wrongType(
          key: "tie_word_embeddings", expected: "true or false", found: "the text 'yes'")
      ),
      ("is_moe", [], .wrongType(key: "is_moe", expected: "true or false", found: "a list")),
      (
        "hidden_act", 3, .wrongType(key: "hidden_act", expected: "a text", found: "3")
      ),
      (
        "eos_token_id", [1, "2"],
        .wrongType(
          key: "eos_token_id", expected: "a token id or a list of them", found: "a list")
      ),
      (
        "model_type", 7, .wrongType(key: "model_type", expected: "a text", found: "7")
      ),
      (
        "architectures", [1],
        .wrongType(key: "architectures", expected: "a list of texts", found: "1")
      ),
    ] as [(String, JSON, ConfigProblem)])
  func badData(key: String, value: JSON, problem: ConfigProblem) {
    let json = sampleConfig([key: value])
    #expect(problems(of: json) == [problem])
    #expect(throws: ConfigError.problems([problem])) { try DogeConfig(json: json) }
    #expect(ConfigError.problems([problem]).diagnostic.kind == .badData)
  }

  @Test(arguments: [
    "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
    "num_attention_heads",
  ])
  func missing(key: String) {
    #expect(problems(of: sampleConfig(without: [key])) == [.missing(key: key)])
    #expect(problems(of: sampleConfig([key: nil])) == [.missing(key: key)])
  }

  @Test(
    arguments: [
      ("model_type", "llama", .modelType("llama")),
      (
        "architectures", ["DogeForSequenceClassification"],
        .architecture("DogeForSequenceClassification")
      ),
      ("architectures", ["DogeVision"], .architecture("DogeVision")),
      ("num_inner_values", 4, .innerValues),
      ("quantization_config", ["quant_method": "gptq"], .quantized(method: "gptq")),
      ("quantization_config", [:], .quantized(method: nil)),
      ("hidden_act", "swoosh", .activation("swoosh")),
    ] as [(String, JSON, ConfigProblem)])
  func unsupported(key: String, value: JSON, problem: ConfigProblem) {
    #expect(problems(of: sampleConfig([key: value])) == [problem])
    #expect(ConfigError.problems([problem]).diagnostic.kind == .unsupported)
  }

  @Test func tooManyExpertsPerToken() {
    let json = sampleConfig(["is_moe": true, "num_experts": 80, "num_experts_per_tok": 65])
    #expect(problems(of: json) == [.tooManyExpertsPerToken(perToken: 65, reachable: 64)])
    let most = sampleConfig(["is_moe": true, "num_experts": 80, "num_experts_per_tok": 64])
    #expect(problems(of: most) == [])
  }

  @Test func aSizeBeyond64BitsIsOutOfRange() throws {
    let text = #"{"model_type": "doge", "hidden_size": 9223372036854775808}"#
    let found = problems(of: try JSON.parse(text))
    let expected = ConfigProblem.outOfRange(
      key: "hidden_size", expected: Self.size, found: "9223372036854775808")
    #expect(found.contains(expected))
  }

  @Test func allProblemsAreReportedAtOnce() {
    let json = sampleConfig(
      ["num_attention_heads": 0, "rms_norm_eps": -1, "rope_scaling": ["rope_type": "linear"]],
      without: ["vocab_size"])
    #expect(
      problems(of: json) == [
        .missing(key: "vocab_size"),
        .outOfRange(key: "num_attention_heads", expected: Self.size, found: "0"),
        .outOfRange(key: "rms_norm_eps", expected: "a finite number above 0", found: "-1"),
        .missing(key: "rope_scaling.factor"),
      ])
  }

  @Test func anotherFamilyIsReportedAlone() {
    let llama: JSON = ["model_type": "llama", "hidden_size": "wide"]
    #expect(problems(of: llama) == [.modelType("llama")])
  }

  @Test(arguments: [([1, 2], "a list"), (nil, "null"), (3, "3")] as [(JSON, String)])
  func notAnObject(json: JSON, found: String) {
    #expect(throws: ConfigError.notAnObject(found: found)) { try DogeConfig(json: json) }
  }

  @Test func messagesNameTheKeyAndEscapeWhatTheyQuote() {
    let error = ConfigError.problems([.modelType("ll\u{1B}[31mama")])
    #expect(error.diagnostic.code == "config.unsupported-model-type")
    #expect(error.diagnostic.message.contains("'ll\\u{1b}[31mama'"))
    let long = ConfigError.problems([.activation(String(repeating: "x", count: 100_000))])
    #expect(long.diagnostic.message.count < 400)
  }

  @Test func anUnsupportedModelHidesTheFaultsOfItsConfig() {
    let error = ConfigError.problems([.missing(key: "vocab_size"), .innerValues])
    #expect(error.diagnostic.kind == .unsupported)
    #expect(!error.diagnostic.message.contains("vocab_size"))
  }

  @Test func severalProblemsAreListedUnderAHeading() {
    let error = ConfigError.problems([
      .missing(key: "vocab_size"), .oddHeadDimension(7), .missing(key: "hidden_size"),
    ])
    let lines = error.diagnostic.message.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.first == "config.json has 3 problems:")
    #expect(error.diagnostic.code == "config.missing-key")
  }
}
