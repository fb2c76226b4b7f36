import ByteIO
import Diagnostics
import Generation
import Tokenization
import ToolSupport
import Verification

/// The prompt of `generate`: a text and its tokens, whichever of them is given.
struct GivenPrompt {
  static let text = OptionSpec.value("prompt", "TEXT", "the text to continue; - is stdin")
  static let tokens = OptionSpec.value(
    "tokens", "FILE", "instead of a text: a JSON array of token ids, which are taken as they are")
  static let options = [text, tokens] + PromptEncoder.options

  let text: String
  let ids: [Int]

  /// Refuses options that don't go together, before a model is loaded.
  static func check(_ arguments: ParsedArguments) throws(UsageError) {
    try arguments.refuse(text, with: tokens)
    for option in PromptEncoder.options { try arguments.refuse(option, with: tokens) }
    for option in [text, tokens] { try arguments.refuse(option, with: GenerateCommand.prompts) }
    if !arguments.has(tokens), !arguments.has(GenerateCommand.prompts) {
      _ = try arguments.required(text)
    }
    try PromptEncoder.check(arguments)
  }

  /// Reads the prompt.
  ///
  /// - Parameters:
  ///   - arguments: the options.
  ///   - encoder: makes tokens of a text.
  ///   - tokenizer: the model's.
  ///   - context: takes a warning of a second beginning-of-text token.
  /// - Throws: what is wrong with the options or the file.
  init(
    _ arguments: ParsedArguments, _ encoder: PromptEncoder, _ tokenizer: Tokenizer,
    _ context: CommandContext
  ) throws {
    if let path = arguments.value(Self.tokens) {
      let sequences = try TokenSequences.parse(
        FileSystem.read(path, limit: Limits.tokenFile), path: path)
      guard let ids = sequences.first, sequences.count == 1 else {
        throw arguments.invalid(
          Self.tokens, path, expected: "a file of one sequence, not of \(sequences.count)")
      }
      self.init(text: tokenizer.decode(ids), ids: ids)
      return
    }
    let given = try arguments.required(Self.text)
    let bytes = given == "-" ? try StandardInput().readAll() : Array(given.utf8)
    let (text, ids) = try encoder.encode(bytes)
    self.init(text: text, ids: ids)
    encoder.warn(ofSecondBeginning: [ids], context)
  }

  private init(text: String, ids: [Int]) {
    self.text = text
    self.ids = ids
  }
}
