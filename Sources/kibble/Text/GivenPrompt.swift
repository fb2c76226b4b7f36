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
  static let bare = OptionSpec.flag(
    "no-bos",
    "leave out the tokens that the tokenizer puts around a text, such as the beginning-of-text one")

  static let plain = OptionSpec.flag(
    "plain-user-text", "take special tokens that the user's text spells as text like any other")

  static let options = [text, tokens, bare, plain]

  let text: String
  let ids: [Int]

  /// Refuses options that don't go together, before a model is loaded.
  static func check(_ arguments: ParsedArguments) throws(UsageError) {
    try arguments.refuse(text, with: tokens)
    try arguments.refuse(bare, with: tokens)
    try arguments.refuse(plain, with: tokens)
    for option in [text, tokens] { try arguments.refuse(option, with: GenerateCommand.prompts) }
    if !arguments.has(tokens), !arguments.has(GenerateCommand.prompts) {
      _ = try arguments.required(text)
    }
  }

  /// Reads the prompt.
  ///
  /// - Parameters:
  ///   - arguments: the options.
  ///   - tokenizer: the model's.
  ///   - context: takes a warning of a second beginning-of-text token.
  /// - Throws: what is wrong with the options or the file.
  init(
    _ arguments: ParsedArguments, _ tokenizer: Tokenizer, _ context: CommandContext
  ) throws {
    if let path = arguments.value(Self.tokens) {
      let sequences = try TokenSequences.parse(
        FileSystem.read(path, limit: Limits.tokenFile), path: path)
      guard let ids = sequences.first, sequences.count == 1 else {
        throw arguments.invalid(
          Self.tokens, path, expected: "a file of one sequence, not of \(sequences.count)")
      }
      self.ids = ids
      text = tokenizer.decode(ids)
      return
    }
    let given = try arguments.required(Self.text)
    let bytes = given == "-" ? try StandardInput().readAll() : Array(given.utf8)
    let isBare = arguments.has(Self.bare)
    let plain = arguments.has(Self.plain) ? [0..<bytes.count] : []
    ids = try tokenizer.encode(bytes, addSpecialTokens: !isBare, plain: plain).map(\.id)
    text = String(decoding: bytes, as: UTF8.self)
    let beginning = tokenizer.beginning
    if !isBare, !beginning.isEmpty, ids.dropFirst(beginning.count).starts(with: beginning) {
      let spelled = escaped(tokenizer.decode(beginning))
      context.warn(
        Warning(
          code: "generation.second-beginning",
          "the prompt begins with \(spelled), and the tokenizer puts another before it",
          hint: "\(Self.bare.spelling) leaves that out, as a chat template's prompt wants it"))
    }
  }
}
