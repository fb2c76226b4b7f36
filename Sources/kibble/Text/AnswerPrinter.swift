import Diagnostics
import DogeModel
import Generation
import JSONCore
import Kernels
import LibC
import ModelFile
import Tokenization
import ToolSupport

/// Shows an answer while it is made, and what it amounts to.
struct AnswerPrinter {
  /// What stdout gets.
  enum Form {
    /// The text, as it comes.
    case text
    /// An object for each token and one at the end, a line each.
    case events
    /// One object at the end.
    case object
  }

  let form: Form
  let context: CommandContext
  private let generator: TextGenerator
  /// What the user calls the model.
  private let path: String
  /// The prompt's number, if there are several.
  private let index: Int?
  private let start = monotonicSeconds()
  private var firstToken: Double?
  private var showsPrompt = false
  /// The parts of a reasoning model's answer; nil where nobody wants them apart.
  private var parts: ReasonedText?
  /// Whether nothing stands on the line that is written.
  private var isAtLineStart = true
  /// Whether nothing but empty lines of a part has come.
  private var isAtPartStart = false

  /// Prompts from this length on have a progress bar.
  private static let longPrompt = 1024

  init(
    _ form: Form, _ context: CommandContext, _ generator: TextGenerator, path: String,
    index: Int? = nil, separatesReasoning: Bool = false
  ) {
    if separatesReasoning { parts = ReasonedText(ReasoningMarkers(generator.tokenizer)) }
    self.form = form
    self.context = context
    self.generator = generator
    self.path = path
    self.index = index
  }

  /// Takes note of a step of generation.
  mutating func observe(_ event: GenerationEvent) throws {
    let part = parts?.take(event)
    switch event {
    case .prompt(let done, let count):
      guard count >= Self.longPrompt else { return }
      if !showsPrompt {
        context.progress.report(.began(phase: "reading the prompt", total: count, unit: .tokens))
        showsPrompt = true
      }
      context.progress.report(done == count ? .ended : .advanced(by: done))
    case .token(let token):
      firstToken = firstToken ?? monotonicSeconds()
      if form == .events {
        try emit([
          "event": "token", "id": JSON(token.id), "text": .string(token.text),
          "log_probability": JSON(token.logProbability),
        ])
      } else if let part, !generator.config.showsSpecialTokens {
        try show(part.text)
        if let next = part.next { try begin(next) }
      } else {
        try show(token.text)
      }
    case .rest(let text):
      if form == .events {
        try emit(["event": "text", "text": .string(text)])
      } else {
        try show(text)
      }
    }
  }

  /// Writes what follows the answer's text: a summary, the last event, or the one object.
  func finish(_ result: GenerationResult, prompt: String) throws {
    try generator.generator.model.stored.checkUnchanged()
    let end = monotonicSeconds()
    let first = firstToken ?? end
    switch form {
    case .text:
      try context.output.writeLine()
      try context.output.flush()
      context.note(summary(result, prompt: first - start, answer: end - first))
    case .events:
      try emit(object(result, prompt: prompt, "event", "end", seconds: end - start))
    case .object:
      try context.emit(
        object(result, prompt: prompt, "schema", "kibble.generate/1", seconds: end - start))
    }
    context.warn(ofMissing: result.ids, generator.tokenizer)
    if case .contextFull(let tokens) = result.reason {
      context.warn(
        Warning(
          code: "generation.context-full",
          "the context of \(tokens) tokens is full, so the text ends here",
          hint: "begin anew with a shorter prompt"))
    }
  }

  /// Writes what a part of an answer is, on a line of its own.
  private mutating func begin(_ part: ReasoningMarkers.Part) throws {
    guard let heading = part.heading else { return }
    try show((isAtLineStart ? "" : "\n") + heading + ":\n")
    isAtPartStart = true
  }

  private mutating func show(_ text: String) throws {
    let text = isAtPartStart ? String(text.drop { $0.isNewline }) : text
    guard form == .text, !text.isEmpty else { return }
    isAtPartStart = false
    isAtLineStart = text.utf8.last == UInt8(ascii: "\n")
    try context.output.write(context.terminal.outputIsTerminal ? shown(text) : text)
    try context.output.flush()
  }

  private func emit(_ object: JSON) throws {
    var members = object.objectValue ?? JSONObject()
    if let index { members["index"] = JSON(index) }
    try context.output.writeLine(JSON.object(members).serialized())
    try context.output.flush()
  }

  private func summary(_ result: GenerationResult, prompt: Double, answer: Double) -> String {
    let read = result.promptCount - result.reusedCount
    func rate(_ tokens: Int, _ seconds: Double) -> String {
      seconds > 0 ? " (\(NumberFormat.thousands(Int(Double(tokens) / seconds))) tok/s)" : ""
    }
    // The first token comes with the prompt.
    let made = max(result.tokens.count - 1, 0)
    let guesses =
      result.draftedCount > 0
      ? ", \(result.acceptedCount) of \(result.draftedCount) guessed tokens were right" : ""
    return "prompt \(read) tokens in \(NumberFormat.duration(seconds: prompt))"
      + rate(read, prompt) + ", answer \(result.tokens.count) tokens in "
      + NumberFormat.duration(seconds: answer) + rate(made, answer) + ", "
      + result.reason.phrase + guesses
  }

  private func object(
    _ result: GenerationResult, prompt: String, _ key: String, _ value: JSON, seconds: Double
  ) -> JSON {
    let object: JSON = [
      key: value, "model": .string(path), "prompt": .string(prompt),
      "prompt_tokens": JSON(result.promptCount), "ids": JSON(result.ids),
      "text": .string(result.text),
      "log_probabilities": .array(result.tokens.map { JSON($0.logProbability) }),
      "stop_reason": .string(result.reason.word),
      "seed": JSON(generator.seed &+ UInt64(index ?? 0)),
      "mode": .string(generator.generator.model.mode.rawValue), "seconds": JSON(seconds),
    ]
    guard var members = object.objectValue else { return object }
    if generator.config.lookup > 0 {
      members["drafted_tokens"] = JSON(result.draftedCount)
      members["accepted_tokens"] = JSON(result.acceptedCount)
    }
    members["reasoning"] = parts?.thought.map(JSON.string)
    members["answer"] = parts?.solution.map(JSON.string)
    return .object(members)
  }
}

extension CommandContext {
  /// Says, once, that some ids have no token and so no text.
  func warn(ofMissing ids: [Int], _ tokenizer: Tokenizer) {
    guard let id = ids.first(where: { tokenizer.piece($0) == nil }) else { return }
    warn(
      Warning(
        code: "tokenizer.unknown-id",
        "no token has the id \(id), which stands for no text; the tokenizer's ids are below "
          + "\(tokenizer.vocabularySize)"))
  }
}

/// Text from a model, for a terminal: control characters but line feeds and tabs are spelled out,
/// since a terminal obeys them.
func shown(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    line.split(separator: "\t", omittingEmptySubsequences: false).map { escaped(String($0)) }
      .joined(separator: "\t")
  }.joined(separator: "\n")
}

extension ReasoningMarkers.Part {
  /// What stands above the part.
  fileprivate var heading: String? {
    switch self {
    case .thought: "thought"
    case .solution: "answer"
    case .other: nil
    }
  }
}

extension StopReason {
  /// The value of `stop_reason` in JSON.
  var word: String {
    switch self {
    case .endToken: "end-token"
    case .stopText: "stop-text"
    case .length: "length"
    case .contextFull: "context"
    case .cancelled: "cancelled"
    }
  }

  fileprivate var phrase: String {
    switch self {
    case .endToken: "ended by the model"
    case .stopText(let text): "ended at \"\(escaped(text))\""
    case .length(let tokens): "ended after \(tokens) tokens"
    case .contextFull: "ended by the context"
    case .cancelled: "stopped"
    }
  }
}
