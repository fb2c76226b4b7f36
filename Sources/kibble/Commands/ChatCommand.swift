import ChatTemplate
import Diagnostics
import DogeModel
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
      "Without --message, each line that you type is a message. /system TEXT begins anew with "
        + "other instructions, /reset begins anew, Ctrl-C stops an answer, and the end of the input "
        + "(Ctrl-D) leaves.",
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

/// A conversation at the terminal.
struct Chat {
  private let generator: TextGenerator
  private let path: String
  private let context: CommandContext
  private var session: ChatSession

  init(path: String, _ context: CommandContext, _ session: ChatSession) {
    generator = session.generator
    self.path = path
    self.context = context
    self.session = session
  }

  /// Takes line after line until there is no more.
  mutating func converse(_ input: StandardInput) throws {
    if input.isTerminal { context.note("/help lists what you can say besides messages") }
    while true {
      if input.isTerminal {
        try context.output.write("> ")
        try context.output.flush()
      }
      switch try input.readLine() {
      case .end:
        if input.isTerminal { try context.output.writeLine() }
        return
      case .interrupted:
        // Ctrl-C takes the line back; SIGTERM ends the program.
        guard InterruptFlag.takeInterrupt() else { throw Interruption() }
        try context.output.writeLine()
      case .text(let line):
        try take(checkedText(line, offset: input.lineOffset))
      }
    }
  }

  private mutating func take(_ line: String) throws {
    let words = line.split(separator: " ", maxSplits: 1)
    switch words.first {
    case nil: return
    case "/reset": session.reset()
    case "/system": session.reset(system: words.count > 1 ? String(words[1]) : nil)
    case "/help":
      context.note(
        "/reset: begin anew\n/system TEXT: begin anew with other instructions\n"
          + "Ctrl-C: stop the answer\nCtrl-D: leave")
    case .some(let word) where word.hasPrefix("/"):
      context.note("there is no \(escaped(String(word))); /help lists what there is")
    default:
      do {
        let reason = try answer(line, .text) { InterruptFlag.isSet }
        if reason == .cancelled, !InterruptFlag.takeInterrupt() { throw Interruption() }
      } catch GenerationError.promptTooLong(let tokens, let limit) {
        context.note(
          "even without what was said before, that is \(tokens) tokens, and the context has "
            + "\(limit): shorten it")
      } catch let error as TemplateError {
        context.warn(Warning(error.diagnostic))
      }
    }
  }

  /// Says something and shows the answer, which becomes part of the conversation.
  mutating func answer(
    _ message: String, _ form: AnswerPrinter.Form, isCancelled: () -> Bool
  ) throws -> StopReason {
    var printer = AnswerPrinter(form, context, generator, path: path, separatesReasoning: true)
    let answer = try session.answer(
      message, observe: { try printer.observe($0) }, isCancelled: isCancelled)
    try printer.finish(answer.result, prompt: answer.prompt)
    if answer.droppedTurns > 0 {
      context.note(
        "the context of \(generator.generator.context) tokens is full: "
          + (answer.droppedTurns == 1 ? "the oldest turn is" : "\(answer.droppedTurns) turns are")
          + " left out from here on")
    }
    return answer.result.reason
  }
}
