import ChatTemplate
import JSONCore
import Tokenization

/// A conversation with a model.
///
/// Between turns the model keeps what it has run, so that a turn runs only what is new.
public struct ChatSession {
  /// A turn's answer.
  public struct Answer: Sendable {
    /// The text that the model was given: the conversation as its template has it.
    public let prompt: String
    /// What the model made of it.
    public let result: GenerationResult
  }

  /// What is told to the model before the conversation; nil for nothing.
  public private(set) var system: String?
  /// What was said so far.
  public private(set) var conversation = Conversation(messages: [])
  private let format: ChatFormat
  /// The model that answers.
  public let generator: TextGenerator

  /// Begins a conversation.
  ///
  /// - Parameters:
  ///   - generator: the model that answers.
  ///   - format: its chat template.
  ///   - system: what is told to the model beforehand.
  public init(
    _ generator: TextGenerator, format: ChatFormat, system: String? = nil
  ) {
    self.generator = generator
    self.format = format
    reset(system: system)
  }

  /// Begins anew; the system's instructions stay.
  public mutating func reset() { reset(system: system) }

  /// Begins anew with other instructions, or with none.
  public mutating func reset(system: String?) {
    self.system = system
    conversation = Conversation(messages: [], addsGenerationPrompt: true)
    if let system { append(role: "system", content: system) }
  }

  /// Says something and waits for the answer; both become part of the conversation.
  ///
  /// - Parameters:
  ///   - message: what the user says.
  ///   - observe: is told what happens, token by token.
  ///   - isCancelled: is asked at every token, and during the prompt; true ends the answer.
  /// - Returns: the answer; a cancelled one counts as said.
  /// - Throws: `TemplateError`, `TokenizerError`, `GenerationError`, or what `observe` throws; the
  ///   conversation is then as it was before.
  public mutating func answer(
    _ message: String, observe: (GenerationEvent) throws -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> Answer {
    let before = conversation
    append(role: "user", content: message)
    do {
      let prompt = try format.render(conversation)
      // The template has put the special tokens where they belong.
      let ids = try generator.tokenizer.encode(prompt, addSpecialTokens: false).map(\.id)
      let result = try generator.generate(
        after: ids, observe: observe, isCancelled: isCancelled)
      append(role: "assistant", content: content(of: result))
      return Answer(prompt: prompt, result: result)
    } catch {
      conversation = before
      throw error
    }
  }

  /// What an answer adds to the conversation: without its end, and with the marks of its
  /// reasoning.
  private func content(of result: GenerationResult) -> String {
    let tokenizer = generator.tokenizer
    var text = result.text
    if generator.config.showsSpecialTokens {
      if case .endToken(let id) = result.reason { text = text.droppingLast(tokenizer.decode([id])) }
    } else {
      let markers = ReasoningMarkers(tokenizer)
      let rest = text.droppingFirst(result.tokens.map(\.text).joined())
      text = result.tokens.map { $0.text + (markers.spelling($0.id) ?? "") }.joined() + rest
    }
    return text
  }

  private mutating func append(role: String, content: String) {
    conversation.messages.append(["role": .string(role), "content": .string(content)])
  }
}
