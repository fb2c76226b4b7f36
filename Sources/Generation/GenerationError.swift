/// Why generation cannot begin or go on.
public enum GenerationError: Error, Equatable, Sendable {
  /// The file of settings holds some other JSON value.
  case notAnObject(file: String, found: String)
  /// A setting has a value of another type.
  case wrongType(Setting, expected: String, found: String)
  /// A setting has a value that makes no sense.
  case outOfRange(Setting, expected: String, found: String)
  /// There is no token to begin with.
  case emptyPrompt
  /// The prompt has more tokens than the context.
  case promptTooLong(tokens: Int, context: Int)
  /// The prompt has as many tokens as prompt and result may have together.
  case promptFillsMaxLength(tokens: Int, maxLength: Int)
  /// A token of the tokenizer has no row in the model's embedding.
  case tokenBeyondEmbedding(String, id: Int, position: Int, rows: Int)
  /// Scores are infinite or no numbers: the model's weights, or the temperature, make no sense.
  case notFinite(position: Int)
  /// The chat template makes something else of a user's words where they are marked.
  case userTextNotFound
  /// Two models that are compared have different vocabularies.
  case vocabulariesDiffer(first: Int, second: Int)
}

/// A setting and where it was made.
public enum Setting: Equatable, Sendable {
  /// A key of a model's file.
  case key(String, file: String)
  /// An option of a command, by the key that it stands for.
  case option(String)

  /// The key or option as a message names it: `generation_config.json: top_p`, `--top-p`.
  public var name: String {
    switch self {
    case .key(let key, let file): "\(file): \(key)"
    case .option(let key): Self.optionName(key)
    }
  }

  static func optionName(_ key: String) -> String {
    "--" + String(key.map { $0 == "_" ? "-" : $0 })
  }
}
