import ChatTemplate
import Diagnostics
import Generation
import JSONCore
import Tokenization
import ToolSupport

/// What the options of `generate` make of a text: its tokens as they are, or those of a
/// conversation in which a user says it.
struct PromptEncoder {
  static let bare = OptionSpec.flag(
    "no-bos",
    "leave out the tokens that the tokenizer puts around a text, such as the beginning-of-text one")
  static let plain = OptionSpec.flag(
    "plain-user-text", "take special tokens that the user's text spells as text like any other")

  static let options = [bare, plain, RenderCommand.template] + ConversationOpening.options
  /// The options that want a chat template.
  private static let wantingTemplate = [RenderCommand.template] + ConversationOpening.options

  private let tokenizer: Tokenizer
  private let isBare: Bool
  private let keepsPlain: Bool
  private let format: ChatFormat?
  private let opening: Conversation

  /// Refuses options that don't go together.
  static func check(_ arguments: ParsedArguments) throws(UsageError) {
    for option in wantingTemplate { try arguments.refuse(bare, with: option) }
  }

  /// Reads the options, and the template where they want one.
  init(_ arguments: ParsedArguments, _ files: TextFiles, _ tokenizer: Tokenizer) throws {
    self.tokenizer = tokenizer
    isBare = arguments.has(Self.bare)
    keepsPlain = arguments.has(Self.plain)
    opening = try ConversationOpening.read(arguments)
    format =
      Self.wantingTemplate.contains { arguments.has($0) }
      ? try ChatFormat(
        files, template: arguments.value(RenderCommand.template), withTools: opening.tools != nil)
      : nil
  }

  /// The text that the model is given and its tokens.
  func encode(_ bytes: [UInt8]) throws -> (text: String, ids: [Int]) {
    guard let format else {
      let tokens = try tokenizer.encode(
        bytes, addSpecialTokens: !isBare, plain: keepsPlain ? [0..<bytes.count] : [])
      return (String(decoding: bytes, as: UTF8.self), tokens.map(\.id))
    }
    var conversation = opening
    conversation.messages.append(
      ["role": "user", "content": .string(try checkedText(bytes))])
    return try format.prompt(of: conversation, tokenizer, keepsUserTextPlain: keepsPlain)
  }

  /// Says, once, that texts spell the beginning-of-text token that the tokenizer puts before them.
  func warn(ofSecondBeginning prompts: [[Int]], _ context: CommandContext) {
    let beginning = tokenizer.beginning
    guard !isBare, format == nil, !beginning.isEmpty,
      prompts.contains(where: { $0.dropFirst(beginning.count).starts(with: beginning) })
    else { return }
    let spelled = escaped(tokenizer.decode(beginning))
    context.warn(
      Warning(
        code: "generation.second-beginning",
        "the prompt begins with \(spelled), and the tokenizer puts another before it",
        hint: "\(Self.bare.spelling) leaves that out, as a chat template's prompt wants it"))
  }
}
