import Diagnostics
import Generation
import JSONCore
import TestSupport
import Testing

@Suite struct ConfigTests {
  @Test func defaultsAreThoseOfTransformers() throws {
    for config in [GenerationConfig(), try GenerationConfig(json: [:])] {
      #expect(!config.sampling.samples)
      #expect(config.sampling.temperature == 1)
      #expect(config.sampling.topK == 50)
      #expect(config.sampling.topP == 1)
      #expect(config.sampling.minP == nil)
      #expect(config.sampling.repetitionPenalty == 1)
      #expect(config.endTokens == [] && config.stopTexts == [])
      #expect(config.maxNewTokens == nil && config.maxLength == nil)
      #expect(try config.newTokenLimit(prompt: 7) == 20)
      #expect(config.warnings == [])
    }
  }

  @Test func allKeysAreRead() throws {
    let config = try GenerationConfig(json: [
      "_from_model_config": true, "transformers_version": "5.23.0", "pad_token_id": 2,
      "do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0,
      "repetition_penalty": 1.05, "eos_token_id": [151_645, 151_643, -1],
      "stop_strings": ["</s>", "\n\n"], "max_new_tokens": 2048, "max_length": 4096,
      "something_new": [1, 2],
    ])
    var expected = SamplingOptions()
    expected.samples = true
    expected.temperature = 0.6
    expected.topK = 20
    expected.topP = 0.95
    expected.minP = 0
    expected.repetitionPenalty = 1.05
    #expect(config.sampling == expected)
    #expect(config.endTokens == [151_645, 151_643])
    #expect(config.stopTexts == ["</s>", "\n\n"])
    #expect(config.maxNewTokens == 2048 && config.maxLength == 4096)
    #expect(config.warnings == [])
  }

  @Test func nullMeansNotSet() throws {
    let config = try GenerationConfig(json: [
      "do_sample": nil, "temperature": nil, "top_k": nil, "top_p": nil, "min_p": nil,
      "repetition_penalty": nil, "eos_token_id": nil, "stop_strings": nil, "max_length": nil,
      "num_beams": nil, "suppress_tokens": nil,
    ])
    #expect(config == GenerationConfig())
  }

  @Test func oneEndTokenAndOneStopText() throws {
    let config = try GenerationConfig(json: ["eos_token_id": 1, "stop_strings": "\n"])
    #expect(config.endTokens == [1] && config.stopTexts == ["\n"])
  }

  @Test func publishedFile() throws {
    let json = try JSON.parse(fileBytes(Fixtures.folder("doge-nano/generation_config.json")))
    let config = try GenerationConfig(json: json)
    #expect(config.endTokens == [1] && !config.sampling.samples && config.warnings == [])
  }

  @Test func aModelsOwnConfigServesWhereTheFileIsMissing() throws {
    let json = try JSON.parse(fileBytes(Fixtures.folder("doge-nano/config.json")))
    let config = try GenerationConfig(json: json, file: "config.json")
    #expect(config.endTokens == [1] && config.warnings == [])
  }

  @Test func lengths() throws {
    let both = try GenerationConfig(json: ["max_length": 30, "max_new_tokens": 5])
    #expect(try both.newTokenLimit(prompt: 40) == 5)
    let total = try GenerationConfig(json: ["max_length": 30])
    #expect(try total.newTokenLimit(prompt: 29) == 1)
    #expect(throws: GenerationError.promptFillsMaxLength(tokens: 30, maxLength: 30)) {
      try total.newTokenLimit(prompt: 30)
    }
  }

  static let wrong: [(JSON, String)] = [
    ([1], "generation_config.json: expected an object, found an array"),
    (["do_sample": 1], "do_sample must be true or false, but is 1"),
    (["temperature": "hot"], "temperature must be a number, but is the text 'hot'"),
    (["temperature": 0], "temperature must be a finite number above 0, but is 0"),
    (["temperature": -1.5], "temperature must be a finite number above 0, but is -1.5"),
    (["temperature": 1e39], "temperature must be a finite number above 0, but is 1e+39"),
    (["top_k": 2.5], "top_k must be a whole number, but is 2.5"),
    (["top_k": -1], "top_k must be a whole number from 0 on, but is -1"),
    (["top_p": 1.01], "top_p must be a number from 0 to 1, but is 1.01"),
    (["top_p": -0.1], "top_p must be a number from 0 to 1, but is -0.1"),
    (["min_p": 2], "min_p must be a number from 0 to 1, but is 2"),
    (["repetition_penalty": 0.0], "repetition_penalty must be a finite number above 0, but is 0.0"),
    (["eos_token_id": "</s>"], "eos_token_id must be a token id or a list of them, but is the"),
    (["eos_token_id": [1, nil]], "eos_token_id must be a token id or a list of them, but is a"),
    (["stop_strings": 3], "stop_strings must be a text or a list of them, but is 3"),
    (["stop_strings": [""]], "stop_strings must be a text of at least one character, but is empty"),
    (["max_new_tokens": 0], "max_new_tokens must be a whole number from 1 on, but is 0"),
    (["min_new_tokens": 1.5], "min_new_tokens must be a whole number, but is 1.5"),
    (["max_length": -3], "max_length must be a whole number from 1 on, but is -3"),
    (["min_p": "\u{1B}[2J"], "min_p must be a number, but is the text '\\u{1b}[2J'"),
  ]

  @Test(arguments: wrong) func valuesThatMakeNoSense(_ json: JSON, message: String) throws {
    // Values of sampling are judged where there is any.
    var object = json.objectValue ?? JSONObject()
    if object["do_sample"] == nil { object["do_sample"] = true }
    let file = json.objectValue == nil ? json : JSON.object(object)
    let error = #expect(throws: GenerationError.self) { try GenerationConfig(json: file) }
    let diagnostic = try #require(error).diagnostic
    #expect(diagnostic.kind == .badData)
    #expect(diagnostic.message.hasPrefix("generation_config.json: "))
    #expect(diagnostic.message.contains(message), "\(diagnostic.message)")
  }

  static let changing: [(key: String, value: JSON, neutral: JSON)] = [
    ("num_beams", 4, 1), ("num_return_sequences", 2, 1), ("no_repeat_ngram_size", 3, 0),
    ("encoder_no_repeat_ngram_size", 3, 0), ("bad_words_ids", [[5]], nil),
    ("suppress_tokens", [7], nil), ("begin_suppress_tokens", [7], nil),
    ("forced_bos_token_id", 0, nil), ("forced_eos_token_id", 1, nil), ("min_length", 5, 0),
    ("guidance_scale", 1.5, 1), ("encoder_repetition_penalty", 1.1, 1.0),
    ("exponential_decay_length_penalty", [3, 1.1], nil), ("sequence_bias", [], nil),
    ("token_healing", true, false), ("watermarking_config", [:], nil), ("max_time", 2.5, nil),
    ("constraints", [], nil), ("force_words_ids", [[3]], nil), ("dola_layers", "low", nil),
  ]

  @Test(arguments: changing)
  func whatIsNotSupportedIsSaid(_ test: (key: String, value: JSON, neutral: JSON)) throws {
    let config = try GenerationConfig(json: JSON.object(JSONObject([(test.key, test.value)])))
    let warning = try #require(config.warnings.first)
    #expect(config.warnings.count == 1)
    #expect(warning.message.hasPrefix("generation_config.json: \(test.key) is "))
    let neutral = try GenerationConfig(json: JSON.object(JSONObject([(test.key, test.neutral)])))
    #expect(neutral.warnings == [])
  }

  @Test(arguments: [
    ("typical_p", 0.9), ("top_h", 0.4), ("epsilon_cutoff", 3e-4), ("eta_cutoff", 1),
  ])
  func settingsOfSampling(key: String, value: Double) throws {
    let file = JSON.object(JSONObject([(key, JSON(value))]))
    var config = try GenerationConfig(json: file)
    #expect(config.warnings == [])
    config.sampling.samples = true
    #expect(config.warnings.count == 1)
  }

  @Test func settingsOfGreedyDecoding() throws {
    var config = try GenerationConfig(json: ["penalty_alpha": 0.6])
    #expect(config.warnings.count == 1)
    config.sampling.samples = true
    #expect(config.warnings == [])
  }
}

@Suite struct OverrideTests {
  private func read(
    _ json: JSON, _ edit: (inout GenerationOverrides) -> Void = { _ in }
  ) throws -> GenerationConfig {
    var overrides = GenerationOverrides()
    edit(&overrides)
    return try GenerationConfig(json: json, overrides: overrides)
  }

  /// As transformers, which takes the most likely token from such files.
  @Test(
    arguments: [
      ["temperature": 0], ["temperature": 0.0, "do_sample": false], ["top_k": -1, "top_p": 7],
      ["min_p": "x", "temperature": nil], ["temperature": -3, "repetition_penalty": 1.5],
    ] as [JSON])
  func valuesWithoutEffectAreNotJudged(_ file: JSON) throws {
    #expect(try !read(file).sampling.samples)
    #expect(try !read(file) { $0.greedy = true }.sampling.samples)
  }

  @Test func valuesThatOptionsReplaceAreNotJudged() throws {
    let file: JSON = [
      "do_sample": true, "temperature": 0, "top_k": -1, "top_p": 2, "min_p": -1,
      "repetition_penalty": 0, "max_new_tokens": 0,
    ]
    let config = try read(file) {
      $0.temperature = 0.7
      $0.topK = 5
      $0.topP = 0.9
      $0.minP = 0.1
      $0.repetitionPenalty = 1.1
      $0.maxNewTokens = 3
    }
    #expect(config.sampling.temperature == 0.7 && config.sampling.topK == 5)
    #expect(config.maxNewTokens == 3)
    // One that is left is judged.
    #expect(throws: GenerationError.self) { try read(file) { $0.temperature = 0.7 } }
    #expect(throws: GenerationError.self) { try read(["top_k": -1]) { $0.temperature = 0.7 } }
    #expect(try read(["top_k": -1]) { $0.topK = 5 }.sampling.topK == 5)
    #expect(try read(["do_sample": 7]) { $0.greedy = true }.sampling.samples == false)
  }

  private func applied(
    _ json: JSON = [:], _ edit: (inout GenerationOverrides) -> Void
  ) throws -> GenerationConfig {
    var overrides = GenerationOverrides()
    edit(&overrides)
    return try GenerationConfig(json: json).applying(overrides)
  }

  @Test func nothingGivenChangesNothing() throws {
    let file: JSON = ["do_sample": true, "top_k": 7, "min_p": 0.1, "max_new_tokens": 3]
    #expect(try applied(file) { _ in } == GenerationConfig(json: file))
  }

  @Test func optionsGoBeforeTheFile() throws {
    let file: JSON = [
      "do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.1,
      "repetition_penalty": 1.05, "max_new_tokens": 5, "stop_strings": "a",
    ]
    let config = try applied(file) {
      $0.temperature = 0.7
      $0.topK = 0
      $0.topP = 1
      $0.minP = 0
      $0.repetitionPenalty = 1
      $0.maxNewTokens = 9
      $0.stopTexts = ["b"]
    }
    var expected = SamplingOptions()
    expected.samples = true
    expected.temperature = 0.7
    expected.topK = 0
    expected.minP = 0
    #expect(config.sampling == expected)
    #expect(config.maxNewTokens == 9 && config.stopTexts == ["a", "b"])
  }

  @Test func optionsOfSamplingTurnItOn() throws {
    #expect(try applied { $0.temperature = 1 }.sampling.samples)
    #expect(try applied { $0.topK = 50 }.sampling.samples)
    #expect(try applied { $0.topP = 1 }.sampling.samples)
    #expect(try applied { $0.minP = 0 }.sampling.samples)
    #expect(try applied(["top_p": 0.9]) { $0.temperature = 0.5 }.sampling.topP == 0.9)
    #expect(try !applied { $0.repetitionPenalty = 1.1 }.sampling.samples)
    #expect(try !applied { $0.maxNewTokens = 5 }.sampling.samples)
  }

  @Test func endings() throws {
    #expect(try read(["min_new_tokens": 5]).minNewTokens == 5)
    #expect(try read(["min_new_tokens": -5]).minNewTokens == 0)
    #expect(try read(["min_new_tokens": "x"]) { $0.minNewTokens = 2 }.minNewTokens == 2)
    #expect(try !read([:]).ignoresEndTokens)
    #expect(try read(["eos_token_id": 1]) { $0.ignoresEndTokens = true }.ignoresEndTokens)
  }

  @Test func penaltiesAndBiases() throws {
    let config = try applied {
      $0.frequencyPenalty = -0.5
      $0.presencePenalty = 2
      $0.logitBias = [3: 1.5, 9: -100]
    }
    #expect(!config.sampling.samples)
    #expect(config.sampling.frequencyPenalty == -0.5 && config.sampling.presencePenalty == 2)
    #expect(config.sampling.logitBias == [3: 1.5, 9: -100])
    let large = #expect(throws: GenerationError.self) {
      try applied { $0.logitBias = [3: 1e39] }
    }
    #expect(large?.diagnostic.message == "--logit-bias must be a finite number, but is 1e+39")
  }

  @Test func greedyTurnsSamplingOff() throws {
    let config = try applied(["do_sample": true]) { $0.greedy = true }
    #expect(!config.sampling.samples && config.warnings == [])
    let both = try applied {
      $0.greedy = true
      $0.temperature = 0.5
      $0.topK = 3
    }
    #expect(!both.sampling.samples)
    #expect(
      both.warnings.map(\.message) == [
        "--temperature has no effect with --greedy", "--top-k has no effect with --greedy",
      ])
  }

  @Test func optionsThatMakeNoSense() throws {
    func message(_ edit: (inout GenerationOverrides) -> Void) throws -> String {
      let error = #expect(throws: GenerationError.self) { try applied([:], edit) }
      let diagnostic = try #require(error).diagnostic
      #expect(diagnostic.kind == .usage)
      return diagnostic.message
    }
    #expect(
      try message { $0.temperature = 0 }
        == "--temperature must be a finite number above 0, but is 0.0")
    #expect(
      try message { $0.temperature = .nan }
        == "--temperature must be a finite number above 0, but is nan")
    #expect(try message { $0.topK = -1 } == "--top-k must be a whole number from 0 on, but is -1")
    #expect(try message { $0.topP = 1.5 } == "--top-p must be a number from 0 to 1, but is 1.5")
    #expect(try message { $0.minP = -1 } == "--min-p must be a number from 0 to 1, but is -1.0")
    #expect(
      try message { $0.repetitionPenalty = .infinity }
        == "--repetition-penalty must be a finite number above 0, but is inf")
    #expect(
      try message { $0.maxNewTokens = 0 }
        == "--max-new-tokens must be a whole number from 1 on, but is 0")
    #expect(
      try message { $0.stopTexts = ["a", ""] }
        == "--stop must be a text of at least one character, but is empty")
  }
}
