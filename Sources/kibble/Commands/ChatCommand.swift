import ChatTemplate
import Diagnostics
import Generation
import Tokenization
import ToolSupport
import UnicodeText

/// `kibble chat`: a conversation with an Instruct model.
struct ChatCommand: Command {
  static let message = OptionSpec.value(
    "message", "TEXT", "say this, print the answer and end; - is stdin")
  static let system = OptionSpec.value(
    "system", "TEXT", "what the model is told before the conversation")

  static let spec = CommandSpec(
    name: "chat", summary: "talk with a model",
    discussion: [
      "Without --message, each line is a message, and on a terminal a paste of several lines is one. "
        + "Lines that begin with a slash are commands, which /help lists. Ctrl-C stops an answer, and "
        + "the end of the input (Ctrl-D) leaves. Where lines from a file or a pipe come to nothing, "
        + "the others are answered, and the exit code is 65.",
      "Doge's Reason models mark what they think and what they answer by special tokens: each part "
        + "stands below a line that says which it is, and in JSON under \"reasoning\" and "
        + "\"answer\". --show-special shows the tokens instead, as the model cards' snippets do.",
      "The prompt ends with the head of the answer, so that the model answers. The snippets of "
        + "Doge's model cards leave that to the model: --no-generation-prompt does as they do.",
      samplingDiscussion,
    ],
    positionals: [.model],
    options: [message, system, RenderCommand.template, PromptEncoder.plain]
      + ConversationOpening.options
      + OptionSpec.sampling + [
        GenerateCommand.events, .mode, .cache, .routing, .verifyChecksums,
      ],
    examples: [
      .init("a conversation", "chat doge-int4.kibble"),
      .init(
        "one answer",
        "chat ./Doge-20M-Instruct --message 'Hi, how are you?' --temperature 0.8 --top-p 0.9"),
    ], strayText: message)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let message = arguments.value(Self.message)
    try arguments.refuse(GenerateCommand.events, with: .json)
    guard message != nil || !context.json && !arguments.has(GenerateCommand.events) else {
      throw UsageError.missingOption(Self.message.synopsis, command: "chat")
    }
    let path = try arguments.argument(.model)
    let runtime = try Runtime(
      context, showsLoading: false, verifiesChecksums: arguments.has(.verifyChecksums))
    let seed = try arguments.generationSeed()
    let files = try TextFiles(path: path)
    let opening = try ConversationOpening.read(arguments)
    let format = try ChatFormat(
      files, template: arguments.value(RenderCommand.template), withTools: opening.tools != nil)
    let generator = try TextGenerator(path: path, files, arguments, runtime, context, seed: seed)
    var chat = Chat(
      path: path, context,
      ChatSession(
        generator, format: format, system: arguments.value(Self.system), opening: opening,
        keepsUserTextPlain: arguments.has(PromptEncoder.plain)))
    guard let message else {
      try chat.converse(StandardInput())
      return .success
    }
    let text = message == "-" ? try checkedText(StandardInput().readAll()) : message
    let form: AnswerPrinter.Form =
      context.json ? .object : arguments.has(GenerateCommand.events) ? .events : .text
    let reason = try chat.answer(text, form) { context.progress.isCancelled }
    if reason == .cancelled { throw Interruption() }
    return .success
  }
}

/// The text of bytes from stdin, which must be UTF-8; `offset` is that of the first of them.
func checkedText(_ bytes: [UInt8], offset: Int = 0) throws(TokenizerError) -> String {
  if let invalid = firstInvalidUTF8(bytes) { throw .invalidUTF8(offset: offset + invalid) }
  return String(decoding: bytes, as: UTF8.self)
}
