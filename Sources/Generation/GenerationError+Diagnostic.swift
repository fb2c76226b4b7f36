import Diagnostics

extension GenerationError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .notAnObject(let file, let found):
      Diagnostic(
        .badData, code: "generation.not-an-object",
        "\(escaped(file)): expected an object, found \(found)")
    case .wrongType(let setting, let expected, let found):
      Diagnostic(
        setting.kind, code: "generation.wrong-type",
        "\(escaped(setting.name)) must be \(expected), but is \(found)")
    case .outOfRange(let setting, let expected, let found):
      Diagnostic(
        setting.kind, code: "generation.out-of-range",
        "\(escaped(setting.name)) must be \(expected), but is \(found)", hint: setting.hint)
    case .emptyPrompt:
      Diagnostic(
        .badData, code: "generation.empty-prompt", "the prompt has no tokens",
        hint: "Give a text, or a beginning-of-text token.")
    case .promptTooLong(let tokens, let context):
      Diagnostic(
        .badData, code: "generation.prompt-too-long",
        "the prompt has \(tokens) tokens, the context takes \(context)",
        hint: "Shorten the prompt.")
    case .promptFillsMaxLength(let tokens, let maxLength):
      Diagnostic(
        .badData, code: "generation.prompt-fills-max-length",
        "the prompt has \(tokens) tokens, and max_length allows \(maxLength) for prompt and result",
        hint: "Say how many tokens to make with --max-new-tokens.")
    case .tokenBeyondEmbedding(let token, let id, let position, let rows):
      Diagnostic(
        .badData, code: "generation.token-beyond-embedding",
        "the text has the token '\(escaped(token))' at position \(position): its id is \(id), and "
          + "the model's embedding has \(rows) rows",
        hint: "The tokenizer has tokens that the model was not made for; leave this one out.")
    case .notFinite(let position):
      Diagnostic(
        .badData, code: "generation.not-finite",
        "the scores of the token at position \(position) are infinite or not numbers",
        hint: "Check the model's weights with inspect --stats, and that --temperature is not tiny.")
    case .userTextNotFound:
      Diagnostic(
        .unsupported, code: "generation.user-text-not-found",
        "the chat template makes something else of the user's words where they are marked, so that "
          + "they cannot be told from its own", hint: "Leave out --plain-user-text.")
    case .vocabulariesDiffer(let first, let second):
      Diagnostic(
        .badData, code: "generation.vocabularies-differ",
        "one model has \(first) tokens in its vocabulary, the other \(second)",
        hint: "Compare two versions of the same model.")
    }
  }
}

extension Setting {
  fileprivate var kind: Diagnostic.Kind {
    switch self {
    case .key: .badData
    case .option: .usage
    }
  }

  fileprivate var hint: String? {
    switch self {
    case .option("temperature"): "For the most likely token at every step use --greedy."
    case .option: "'kibble help generate' says what \(name) does."
    case .key: "An option on the command line goes before the file."
    }
  }
}
