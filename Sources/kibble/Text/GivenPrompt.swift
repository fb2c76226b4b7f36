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
      self.init(text: tokenizer.decode(ids), ids: ids)
      return
    }
    let given = try arguments.required(Self.text)
    let bytes = given == "-" ? try StandardInput().readAll() : Array(given.utf8)
    self.init(
      text: String(decoding: bytes, as: UTF8.self),
      ids: try Self.encode(bytes, arguments, tokenizer))
    Self.warn(ofSecondBeginning: [ids], arguments, tokenizer, context)
  }

  private init(text: String, ids: [Int]) {
    self.text = text
    self.ids = ids
  }

  /// The tokens of a text.
  static func encode(
    _ bytes: [UInt8], _ arguments: ParsedArguments, _ tokenizer: Tokenizer
  ) throws -> [Int] {
    try tokenizer.encode(
      bytes, addSpecialTokens: !arguments.has(bare),
      plain: arguments.has(plain) ? [0..<bytes.count] : []
    ).map(\.id)
  }

  /// Says, once, that texts spell the beginning-of-text token that the tokenizer puts before them.
  static func warn(
    ofSecondBeginning prompts: [[Int]], _ arguments: ParsedArguments, _ tokenizer: Tokenizer,
    _ context: CommandContext
  ) {
    let beginning = tokenizer.beginning
    guard !arguments.has(bare), !beginning.isEmpty,
      prompts.contains(where: { $0.dropFirst(beginning.count).starts(with: beginning) })
    else { return }
    let spelled = escaped(tokenizer.decode(beginning))
    context.warn(
      Warning(
        code: "generation.second-beginning",
        "the prompt begins with \(spelled), and the tokenizer puts another before it",
        hint: "\(bare.spelling) leaves that out, as a chat template's prompt wants it"))
  }
}
