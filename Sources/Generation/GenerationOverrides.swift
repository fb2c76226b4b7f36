/// What a caller wants other than a model's own settings; nil leaves a setting as it is.
///
/// `temperature`, `topK`, `topP` and `minP` turn sampling on when given, since they mean nothing
/// without it; penalties, biases and a seed don't. `greedy` turns it off whatever else is given.
public struct GenerationOverrides: Equatable, Sendable {
  /// `--greedy`: take the most likely token at every step.
  public var greedy = false
  /// `--temperature`.
  public var temperature: Double?
  /// `--top-k`; 0 for all tokens.
  public var topK: Int?
  /// `--top-p`.
  public var topP: Double?
  /// `--min-p`.
  public var minP: Double?
  /// `--repetition-penalty`.
  public var repetitionPenalty: Double?
  /// `--frequency-penalty`.
  public var frequencyPenalty: Double?
  /// `--presence-penalty`.
  public var presencePenalty: Double?
  /// `--logit-bias`, by token.
  public var logitBias: [Int: Double] = [:]
  /// `--max-new-tokens`.
  public var maxNewTokens: Int?
  /// `--min-new-tokens`.
  public var minNewTokens: Int?
  /// `--ignore-eos`: no token ends a text.
  public var ignoresEndTokens = false
  /// `--stop`: texts that end generation besides those of the model's settings.
  public var stopTexts: [String] = []

  /// None.
  public init() {}

  /// Whether tokens are drawn; nil where the options leave that to the model's file.
  var samples: Bool? { greedy ? false : samplingOptions.isEmpty ? nil : true }

  /// The sampling options that are given, as they are spelled on the command line.
  var samplingOptions: [String] {
    [
      temperature.map { _ in "temperature" }, topK.map { _ in "top_k" },
      topP.map { _ in "top_p" }, minP.map { _ in "min_p" },
    ].compactMap { $0.map(Setting.optionName) }
  }
}

extension GenerationConfig {
  /// The configuration with a caller's options on top.
  ///
  /// - Parameter overrides: the options.
  /// - Returns: what results.
  /// - Throws: `GenerationError` for a value out of range.
  public func applying(_ overrides: GenerationOverrides) throws(GenerationError) -> Self {
    func number(
      _ value: Double?, _ key: String, _ range: SettingRange
    ) throws(GenerationError) -> Double? {
      guard let value else { return nil }
      return try Setting.option(key).check(value, range, found: "\(value)")
    }
    func count(_ value: Int?, _ key: String, from least: Int) throws(GenerationError) -> Int? {
      guard let value else { return nil }
      return try Setting.option(key).check(value, from: least)
    }

    var result = self
    let old = sampling
    result.sampling.temperature =
      try number(overrides.temperature, "temperature", .positive) ?? old.temperature
    result.sampling.topK = try count(overrides.topK, "top_k", from: 0) ?? old.topK
    result.sampling.topP = try number(overrides.topP, "top_p", .share) ?? old.topP
    result.sampling.minP = try number(overrides.minP, "min_p", .share) ?? old.minP
    result.sampling.repetitionPenalty =
      try number(overrides.repetitionPenalty, "repetition_penalty", .positive)
      ?? old.repetitionPenalty
    result.sampling.frequencyPenalty =
      try number(overrides.frequencyPenalty, "frequency_penalty", .finite) ?? old.frequencyPenalty
    result.sampling.presencePenalty =
      try number(overrides.presencePenalty, "presence_penalty", .finite) ?? old.presencePenalty
    for (id, bias) in overrides.logitBias {
      result.sampling.logitBias[id] = try number(bias, "logit_bias", .finite)
    }
    result.maxNewTokens =
      try count(overrides.maxNewTokens, "max_new_tokens", from: 1) ?? maxNewTokens
    result.minNewTokens =
      try count(overrides.minNewTokens, "min_new_tokens", from: 0) ?? minNewTokens
    result.ignoresEndTokens = ignoresEndTokens || overrides.ignoresEndTokens
    result.stopTexts += try Setting.option("stop").check(overrides.stopTexts)
    let given = overrides.samplingOptions
    if !given.isEmpty { result.sampling.samples = true }
    if overrides.greedy {
      result.sampling.samples = false
      result.ignoredOptions += given
    }
    return result
  }
}
