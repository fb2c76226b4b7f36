import JSONCore

extension GenerationConfig {
  /// Reads a model's `generation_config.json` or, where it has none, its `config.json`, as
  /// transformers does.
  ///
  /// Keys that have no effect on the text are ignored; those that have one which kibble does not
  /// know become `warnings`. As in transformers, a value is judged only where it has an effect:
  /// not where an option takes its place, and one of sampling not where the most likely token is
  /// taken.
  ///
  /// - Parameters:
  ///   - json: the file's content.
  ///   - file: its name, for messages.
  ///   - overrides: a caller's options, which go before the file's values.
  /// - Throws: `GenerationError` for a value of the wrong type or out of range.
  public init(
    json: JSON, file: String = "generation_config.json",
    overrides: GenerationOverrides = GenerationOverrides()
  ) throws(GenerationError) {
    guard let object = json.objectValue else {
      throw .notAnObject(file: file, found: json.kind)
    }
    let reader = SettingReader(object: object, file: file)
    if overrides.samples == nil, let samples = try reader.flag("do_sample") {
      sampling.samples = samples
    }
    let draws = overrides.samples ?? sampling.samples
    func number(
      _ key: String, _ range: SettingRange, unless option: Double?
    ) throws(GenerationError) -> Double? {
      let isJudged = draws && option == nil
      return isJudged ? try reader.number(key, range) : try? reader.number(key, range)
    }
    if let value = try number("temperature", .positive, unless: overrides.temperature) {
      sampling.temperature = value
    }
    if let value = try number("top_p", .share, unless: overrides.topP) { sampling.topP = value }
    sampling.minP = try number("min_p", .share, unless: overrides.minP)
    let topK =
      draws && overrides.topK == nil
      ? try reader.count("top_k", from: 0) : try? reader.count("top_k", from: 0)
    if let topK { sampling.topK = topK }
    if overrides.repetitionPenalty == nil,
      let value = try reader.number("repetition_penalty", .positive)
    {
      sampling.repetitionPenalty = value
    }
    // Negative ids stand for "none" in some files; no model makes them.
    endTokens = try reader.tokens("eos_token_id").filter { $0 >= 0 }
    stopTexts = try reader.texts("stop_strings")
    if overrides.maxNewTokens == nil {
      maxNewTokens = try reader.count("max_new_tokens", from: 1)
    }
    if overrides.minNewTokens == nil {
      // Negative numbers stand for none in transformers.
      minNewTokens = max(try reader.count("min_new_tokens", from: .min) ?? 0, 0)
    }
    maxLength =
      (overrides.maxNewTokens ?? maxNewTokens) == nil
      ? try reader.count("max_length", from: 1) : try? reader.count("max_length", from: 1)
    unsupported = UnsupportedSetting.found(in: object, of: file)
    self = try applying(overrides)
  }
}
