import ByteIO
import CSystem
import ChatTemplate
import Diagnostics
import DogeModel
import Generation
import JSONCore
import KibbleFormat
import ModelFile
import TensorCore
import Tokenization
import ToolSupport

/// A conversation, line by line or with one message.
struct Chat {
  private let generator: TextGenerator
  private let path: String
  private let context: CommandContext
  private var session: ChatSession
  /// Lines that asked for something, and those of them that came to nothing.
  private var counts = (lines: 0, failures: 0)

  init(path: String, _ context: CommandContext, _ session: ChatSession) {
    generator = session.generator
    self.path = path
    self.context = context
    self.session = session
  }

  /// Takes line after line until there is no more, or `/exit`.
  ///
  /// - Throws: `ChatError` where lines that nobody typed came to nothing.
  mutating func converse(_ input: StandardInput) throws {
    if input.isTerminal { context.note(banner) }
    let reader = LineReader(
      input, context.output, context.terminal, prompt: "> ",
      completions: SlashCommand.allCases.map(\.spelling))
    reading: while true {
      switch try reader.readLine() {
      case .end: break reading
      case .interrupted:
        // Ctrl-C takes the line back; SIGTERM ends the program.
        guard InterruptFlag.takeInterrupt() else { throw Interruption() }
      case .text(let line):
        guard try take(line, offset: input.lineOffset) else { break reading }
      }
    }
    if !input.isTerminal, counts.failures > 0 {
      throw ChatError.unanswered(counts.failures, of: counts.lines)
    }
  }

  /// The model, and where to find out what to do.
  private var banner: String {
    let stored = generator.generator.model.stored
    let type = stored.file.metadata["recipe"]?["type"]?.stringValue
    let sources = Set(stored.tensors.map { $0.sourceType.rawValue.lowercased() })
    let types = type == "source" ? nil : type
    return escaped(FileSystem.name(of: path)) + ": "
      + escaped(types ?? sources.sorted().joined(separator: "+")) + ", "
      + NumberFormat.bytes(stored.file.fileBytes) + ", context "
      + NumberFormat.thousands(generator.generator.context) + " tokens; /help lists commands"
  }

  /// Does what a line asks for; what stands in the way is told, and the conversation goes on.
  ///
  /// - Returns: whether it goes on.
  private mutating func take(_ line: [UInt8], offset: Int) throws -> Bool {
    do {
      switch try ChatLine(checkedText(line, offset: offset)) {
      case .nothing: return true
      case .message(let text): try say(text)
      case .command(let command, let text):
        guard try perform(command, text) else { return false }
      }
      counts.lines += 1
    } catch let error as any Diagnosable where Self.concernsLine(error) {
      counts.lines += 1
      counts.failures += 1
      context.warn(Warning(error.diagnostic))
    }
    return true
  }

  /// Whether an error is a line's, so that others may fare better.
  private static func concernsLine(_ error: any Error) -> Bool {
    error is ChatError || error is GenerationError || error is TemplateError
      || error is TokenizerError || error is UsageError
  }

  /// Does what a command asks for; says whether the conversation goes on.
  private mutating func perform(_ command: SlashCommand, _ text: String) throws -> Bool {
    switch command {
    case .help: context.note(SlashCommand.overview)
    case .reset: session.reset()
    case .system: session.reset(system: text.isEmpty ? nil : text)
    case .set:
      if text.isEmpty {
        context.note(ChatSettings.lines(generator).map { escaped($0) }.joined(separator: "\n"))
      } else {
        try ChatSettings.change(text, generator)
      }
    case .save: try save(text)
    case .exit, .quit: return false
    }
    return true
  }

  /// Writes the conversation as `render --jsonl` and Hugging Face's tools take it.
  private func save(_ path: String) throws {
    guard !path.isEmpty else { throw ChatError.noFile }
    let json: JSON = ["messages": .array(session.conversation.messages)]
    let bytes = Array((json.serialized() + "\n").utf8)
    do throws(FileError) {
      let file = try AtomicFile(path: path, expectedBytes: bytes.count, overwrite: false)
      try file.sink.write(bytes, at: 0)
      try file.commit()
    } catch {
      var diagnostic = error.diagnostic
      // There is no --force here.
      if case .outputExists = error { diagnostic.hint = "give another name" }
      throw ChatError.notSaved(diagnostic)
    }
    // Unlike in other commands, this file is not what the run is there for.
    kb_set_commitment(KB_OPEN)
    context.note("wrote \(escaped(path))")
  }

  /// Says something at the terminal, where Ctrl-C stops the answer.
  private mutating func say(_ text: String) throws {
    do {
      let reason = try answer(text, .text) { InterruptFlag.isSet }
      if reason == .cancelled, !InterruptFlag.takeInterrupt() { throw Interruption() }
    } catch GenerationError.promptTooLong(let tokens, let limit) {
      throw ChatError.messageTooLong(tokens: tokens, context: limit)
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
