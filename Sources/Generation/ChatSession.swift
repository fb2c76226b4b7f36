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
    /// How many of the oldest turns were left out, from here on, since the context is full.
    public let droppedTurns: Int
  }

  /// What is told to the model before the conversation; nil for nothing.
  public private(set) var system: String?
  /// What was said so far.
  public private(set) var conversation = Conversation(messages: [])
  private let opening: Conversation
  private let format: ChatFormat
  /// The model that answers.
  public let generator: TextGenerator
  private let keepsUserTextPlain: Bool

  /// The share of the context that a conversation leaves to the next answer, if that may be as
  /// long.
  private static let answerShare = 4

  /// Begins a conversation.
  ///
  /// - Parameters:
  ///   - generator: the model that answers.
  ///   - format: its chat template.
  ///   - system: what is told to the model beforehand.
  ///   - opening: tools and variables for the template, and whether it begins the answer.
  ///   - keepsUserTextPlain: whether special tokens that the user spells are text like any other.
  public init(
    _ generator: TextGenerator, format: ChatFormat, system: String? = nil,
    opening: Conversation = Conversation(messages: [], addsGenerationPrompt: true),
    keepsUserTextPlain: Bool = false
  ) {
    self.generator = generator
    self.format = format
    self.opening = opening
    self.keepsUserTextPlain = keepsUserTextPlain
    reset(system: system)
  }

  /// Begins anew; the system's instructions stay.
  public mutating func reset() { reset(system: system) }

  /// Begins anew with other instructions, or with none.
  public mutating func reset(system: String?) {
    self.system = system
    conversation = opening
    if let system { append(role: "system", content: system) }
  }

  /// Says something and waits for the answer; both become part of the conversation.
  ///
  /// Where the context has no room for it any more, the oldest turns are left out.
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
      var (prompt, ids) = try rendered()
      var dropped = 0
      while isTight(ids.count), dropOldestTurn() {
        dropped += 1
        (prompt, ids) = try rendered()
      }
      let result = try generator.generate(
        after: ids, observe: observe, isCancelled: isCancelled)
      append(role: "assistant", content: try content(of: result, after: prompt))
      return Answer(prompt: prompt, result: result, droppedTurns: dropped)
    } catch {
      conversation = before
      throw error
    }
  }

  /// The conversation as the model is given it.
  private func rendered() throws -> (text: String, ids: [Int]) {
    try format.prompt(
      of: conversation, generator.tokenizer, keepsUserTextPlain: keepsUserTextPlain)
  }

  /// Whether a prompt of so many tokens leaves too little of the context to an answer.
  private func isTight(_ count: Int) -> Bool {
    let config = generator.config
    let longest = config.maxNewTokens == nil ? config.maxLength : nil
    let context = min(generator.generator.context, longest ?? .max)
    let wanted = config.maxNewTokens ?? context
    return count + min(wanted, context / Self.answerShare) > context
  }

  /// Leaves out the oldest message of the user and what follows it up to the next one; says
  /// whether there is a next one.
  private mutating func dropOldestTurn() -> Bool {
    let users = conversation.messages.indices.filter {
      conversation.messages[$0]["role"] == "user"
    }
    guard users.count > 1 else { return false }
    conversation.messages.removeSubrange(users[0]..<users[1])
    return true
  }

  /// What an answer adds to the conversation: without its end, without the head that the template
  /// writes where the model has written it, too, and with the marks of its reasoning.
  private func content(of result: GenerationResult, after prompt: String) throws -> String {
    let tokenizer = generator.tokenizer
    let showsSpecialTokens = generator.config.showsSpecialTokens
    var text = result.text
    if showsSpecialTokens {
      if case .endToken(let id) = result.reason { text = text.droppingLast(tokenizer.decode([id])) }
    } else {
      let markers = ReasoningMarkers(tokenizer)
      let rest = text.droppingFirst(result.tokens.map(\.text).joined())
      text = result.tokens.map { $0.text + (markers.spelling($0.id) ?? "") }.joined() + rest
    }
    guard !conversation.addsGenerationPrompt else { return text }
    var headed = conversation
    headed.addsGenerationPrompt = true
    let head = try format.render(headed).droppingFirst(prompt)
    let ids = try tokenizer.encode(head, addSpecialTokens: false).map(\.id)
    guard result.ids.starts(with: ids) else { return text }
    return text.droppingFirst(tokenizer.decode(ids, skipSpecialTokens: !showsSpecialTokens))
  }

  private mutating func append(role: String, content: String) {
    conversation.messages.append(["role": .string(role), "content": .string(content)])
  }
}
