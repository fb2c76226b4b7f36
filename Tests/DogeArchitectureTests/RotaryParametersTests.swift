import DogeArchitecture
import JSONCore
import Testing

/// The expectations on standardization are what transformers 5.23 does with the same configs.
@Suite struct RotaryParametersTests {
  /// Of a model with 64 positions in its config.
  @Test(
    arguments: [
      ([:], 64),
      (["rope_type": "linear", "factor": 2.5], 160),
      (["rope_type": "dynamic", "factor": 4], 256),
      (["rope_type": "yarn", "factor": 4], 256),
      (["rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16], 64),
      (["rope_type": "yarn", "factor": 8, "original_max_position_embeddings": 16], 128),
      (["rope_type": "linear", "factor": 0.5], 64),
      (["rope_type": "dynamic", "factor": 1e30], 1 << 31),
      (
        [
          "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
          "original_max_position_embeddings": 32,
        ], 256
      ),
      (
        [
          "rope_type": "longrope", "short_factor": [1, 1], "long_factor": [2, 2],
          "original_max_position_embeddings": 16,
        ], 64
      ),
    ] as [(JSON, Int)])
  func theLongestContext(_ parameters: JSON, _ positions: Int) throws {
    let config = try DogeConfig(json: sampleConfig(["rope_parameters": parameters]))
    #expect(config.longestContext == positions)
  }

  private func rope(_ changes: [String: JSON], without absent: [String] = []) throws
    -> RotaryParameters
  {
    // The head dimension is 4, so each list of factors has two.
    try DogeConfig(json: sampleConfig(changes, without: absent)).rope
  }

  // Rows: changes, base, scaling.
  @Test(
    arguments: [
      ([:], 10000, .none),
      (["rope_theta": 500.0], 500, .none),
      (["rope_theta": nil], 10000, .none),
      (["rope_parameters": ["rope_theta": 5.0, "rope_type": "default"]], 5, .none),
      (["rope_parameters": ["rope_theta": 5.0], "rope_theta": 9.0], 5, .none),
      (["rope_parameters": ["rope_type": "linear", "factor": 2]], 10000, .linear(factor: 2)),
      (
        ["rope_scaling": ["type": "linear", "factor": 2.5], "rope_theta": 9], 9,
        .linear(factor: 2.5)
      ),
      (
        ["rope_scaling": [:], "rope_parameters": ["rope_type": "linear", "factor": 2.0]], 10000,
        .linear(factor: 2)
      ),
      (
        [
          "rope_scaling": ["type": "linear", "factor": 2.0],
          "rope_parameters": ["rope_type": "dynamic", "factor": 3.0, "rope_theta": 7.0],
        ], 10000, .linear(factor: 2)
      ),
      (
        ["rope_parameters": ["rope_type": "linear", "type": "dynamic", "factor": 2]], 10000,
        .linear(factor: 2)
      ),
      (
        [
          "rope_scaling": [
            "rope_type": "dynamic", "factor": 4.0, "original_max_position_embeddings": 32,
          ]
        ], 10000, .dynamic(factor: 4)
      ),
      (
        ["rope_parameters": ["rope_type": "default", "partial_rotary_factor": 0.5]], 10000, .none
      ),
      (
        ["rope_parameters": ["rope_type": "linear", "factor": 2, "partial_rotary_factor": 1.0]],
        10000, .linear(factor: 2)
      ),
    ] as [([String: JSON], Double, RotaryScaling)])
  func spellings(changes: [String: JSON], theta: Double, scaling: RotaryScaling) throws {
    let absent = ["rope_scaling", "rope_theta"].filter { changes[$0] == nil }
    let rope = try rope(changes, without: absent)
    #expect(rope == RotaryParameters(theta: theta, scaling: scaling))
  }

  // Rows: parameters, the file's own original context, the expected scaling; maxPositions is 64.
  @Test(
    arguments: [
      (
        ["factor": 4.0, "original_max_position_embeddings": 16], nil,
        YarnScaling(factor: 4, originalMaxPositions: 16)
      ),
      (
        ["factor": 4.0, "original_max_position_embeddings": 16], 32,
        YarnScaling(factor: 4, originalMaxPositions: 32)
      ),
      (["factor": 4.0], nil, YarnScaling(factor: 4, originalMaxPositions: 64)),
      (
        ["factor": nil, "original_max_position_embeddings": 16], nil,
        YarnScaling(factor: 4, originalMaxPositions: 16)
      ),
      (
        [
          "factor": 2, "attention_factor": 1.25, "beta_fast": 16, "beta_slow": 2, "mscale": 0.5,
          "mscale_all_dim": 0.75, "truncate": false,
        ], nil,
        YarnScaling(
          factor: 2, originalMaxPositions: 64, attentionFactor: 1.25, betaFast: 16, betaSlow: 2,
          mscale: 0.5, mscaleAllDim: 0.75, truncates: false)
      ),
      (
        [
          "factor": 2, "attention_factor": nil, "beta_fast": 0, "beta_slow": nil, "mscale": 0.0,
          "mscale_all_dim": nil, "truncate": nil,
        ], nil,
        YarnScaling(factor: 2, originalMaxPositions: 64, truncates: false)
      ),
    ] as [([String: JSON], Int?, YarnScaling)])
  func yarn(parameters: [String: JSON], original: Int?, expected: YarnScaling) throws {
    let members = JSONObject([("rope_type", "yarn")] + parameters.map { ($0, $1) })
    let rope = try rope([
      "rope_parameters": .object(members), "original_max_position_embeddings": JSON(original),
    ])
    #expect(rope.scaling == .yarn(expected))
  }

  @Test func longRope() throws {
    let lists: [(String, JSON)] = [
      ("rope_type", "longrope"), ("short_factor", [1, 1.5]), ("long_factor", [2.0, 4.0]),
    ]
    func scaling(_ more: [(String, JSON)]) throws -> RotaryScaling {
      try rope(["rope_parameters": .object(JSONObject(lists + more))]).scaling
    }
    func expected(_ factor: Double, _ original: Int, _ attention: Double? = nil) -> RotaryScaling {
      .longRope(
        LongRopeScaling(
          factor: factor, originalMaxPositions: original, attentionFactor: attention,
          shortFactors: [1, 1.5], longFactors: [2, 4]))
    }
    #expect(try scaling([]) == expected(1, 64))
    #expect(try scaling([("original_max_position_embeddings", 16)]) == expected(4, 16))
    #expect(
      try scaling([("original_max_position_embeddings", 16), ("factor", 8)]) == expected(8, 16))
    #expect(
      try scaling([("attention_factor", 1.5), ("factor", nil)]) == expected(1, 64, 1.5))
  }

  @Test func llama3() throws {
    let rope = try rope([
      "rope_parameters": [
        "rope_type": "llama3", "rope_theta": 20000.0, "factor": 8.0, "low_freq_factor": 1,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
      ]
    ])
    #expect(rope.theta == 20000)
    #expect(
      rope.scaling
        == .llama3(
          Llama3Scaling(
            factor: 8, originalMaxPositions: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4)))
  }

  // Rows: type, changes to sound parameters, problem.
  @Test(
    arguments: [
      ("linear", ["factor": nil], .missing(key: "rope_parameters.factor")),
      ("dynamic", ["factor": nil], .missing(key: "rope_parameters.factor")),
      (
        "linear", ["factor": 0],
        .outOfRange(
          key: "rope_parameters.factor", expected: "a finite number above 0", found: "0")
      ),
      (
        "linear", ["factor": "two"],
        .wrongType(
          key: "rope_parameters.factor", expected: "a number", found: "the text 'two'")
      ),
      (
        "default", ["rope_theta": -1],
        .outOfRange(
          key: "rope_parameters.rope_theta", expected: "a finite number above 0", found: "-1")
      ),
      (
        "yarn", ["rope_theta": 1],
        .outOfRange(
          key: "rope_parameters.rope_theta", expected: "a finite number above 1", found: "1")
      ),
      (
        "yarn", ["beta_fast": -2],
        .outOfRange(
          key: "rope_parameters.beta_fast", expected: "a finite number above 0", found: "-2")
      ),
      (
        "yarn", ["attention_factor": -2],
        .outOfRange(
          key: "rope_parameters.attention_factor", expected: "a finite number above 0", found: "-2")
      ),
      (
        "yarn", ["truncate": 1],
        .wrongType(key: "rope_parameters.truncate", expected: "true or false", found: "1")
      ),
      (
        "yarn", ["original_max_position_embeddings": 0],
        .outOfRange(
          key: "rope_parameters.original_max_position_embeddings",
          expected: "a number from 1 to 2147483648", found: "0")
      ),
      ("longrope", ["short_factor": nil], .missing(key: "rope_parameters.short_factor")),
      (
        "longrope", ["long_factor": 3],
        .wrongType(
          key: "rope_parameters.long_factor", expected: "a list of numbers", found: "3")
      ),
      (
        "longrope", ["long_factor": [1, 2, 3]],
        .wrongCount(key: "rope_parameters.long_factor", expected: 2, found: 3)
      ),
      (
        "longrope", ["short_factor": [1, 0]],
        .outOfRange(
          key: "rope_parameters.short_factor[1]", expected: "a finite number above 0", found: "0")
      ),
      (
        "longrope", ["original_max_position_embeddings": 1],
        .outOfRange(
          key: "original_max_position_embeddings", expected: "at least 2", found: "1")
      ),
      ("llama3", ["low_freq_factor": nil], .missing(key: "rope_parameters.low_freq_factor")),
      ("llama3", ["high_freq_factor": 1], .frequencyBands(low: 1, high: 1)),
      ("spiral", [:], .ropeType("spiral")),
      ("proportional", [:], .ropeType("proportional")),
      ("linear", ["partial_rotary_factor": 0.5], .partialRotation(0.5)),
      (
        "default", ["full_attention": ["rope_type": "default"]],
        .ropePerLayer(key: "rope_parameters")
      ),
      (
        "default", ["rope_type": 3],
        .wrongType(key: "rope_parameters.rope_type", expected: "a text", found: "3")
      ),
    ] as [(String, [String: JSON], ConfigProblem)])
  func faults(type: String, changes: [String: JSON], problem: ConfigProblem) {
    var members: [(String, JSON)] = [
      ("rope_type", .string(type)), ("factor", 2.0), ("short_factor", [1, 2]),
      ("long_factor", [1, 2]), ("low_freq_factor", 1), ("high_freq_factor", 4),
      ("original_max_position_embeddings", 16),
    ]
    members.removeAll { changes[$0.0] != nil }
    members += changes.filter { !$0.value.isNull }.map { ($0.key, $0.value) }
    let json = sampleConfig(["rope_parameters": .object(JSONObject(members))])
    #expect(problems(of: json) == [problem])
  }

  @Test func dynamicNeedsAHeadDimensionOfFour() {
    let changes: [String: JSON] = [
      "head_dim": 2, "rope_parameters": ["rope_type": "dynamic", "factor": 2.0],
    ]
    #expect(problems(of: sampleConfig(changes)) == [.headDimensionBelowFour(2)])
  }

  @Test(arguments: ["rope_scaling", "rope_parameters"])
  func notAnObject(key: String) {
    let expected = ConfigProblem.wrongType(key: key, expected: "an object", found: "2")
    #expect(problems(of: sampleConfig([key: 2])) == [expected])
  }
}
