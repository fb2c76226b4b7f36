import JSONCore

extension GenerationConfig {
  /// Reads a model's `generation_config.json` or, where it has none, its `config.json`, as
  /// transformers does.
  ///
  /// Keys that have no effect on the text are ignored; those that have one which kibble does not
  /// know become `warnings`.
  ///
  /// - Parameters:
  ///   - json: the file's content.
  ///   - file: its name, for messages.
  /// - Throws: `GenerationError` for a value of the wrong type or out of range.
  public init(json: JSON, file: String = "generation_config.json") throws(GenerationError) {
    guard let object = json.objectValue else {
      throw .notAnObject(file: file, found: json.kind)
    }
    let reader = SettingReader(object: object, file: file)
    if let samples = try reader.flag("do_sample") { sampling.samples = samples }
    if let value = try reader.number("temperature", .positive) { sampling.temperature = value }
    if let value = try reader.count("top_k", from: 0) { sampling.topK = value }
    if let value = try reader.number("top_p", .share) { sampling.topP = value }
    sampling.minP = try reader.number("min_p", .share)
    if let value = try reader.number("repetition_penalty", .positive) {
      sampling.repetitionPenalty = value
    }
    // Negative ids stand for "none" in some files; no model makes them.
    endTokens = try reader.tokens("eos_token_id").filter { $0 >= 0 }
    stopTexts = try reader.texts("stop_strings")
    maxNewTokens = try reader.count("max_new_tokens", from: 1)
    maxLength = try reader.count("max_length", from: 1)
    unsupported = UnsupportedSetting.found(in: object, of: file)
  }
}
