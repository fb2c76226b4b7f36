import ChatTemplate
import JSONCore
import Tokenization

/// A model's chat template, and the special tokens that it may use.
public struct ChatFormat: Sendable {
  private let template: ChatTemplate
  private let specialTokens: [(key: String, value: String)]

  /// Takes the template of a model.
  ///
  /// - Parameters:
  ///   - files: the files beside the model's weights.
  ///   - name: the template that is wanted; nil for the one that transformers takes.
  ///   - withTools: whether conversations give tools, for which some models have a template of
  ///     their own.
  /// - Throws: `TextFileError`: what is wrong with the files, or that there is no template.
  public init(_ files: TextFiles, template name: String? = nil, withTools: Bool) throws {
    template = try files.chatTemplate(named: name, withTools: withTools)
    specialTokens = try files.tokenizerConfig().specialTokens.sorted { $0.key < $1.key }
  }

  /// The text of a conversation, as transformers' `apply_chat_template` makes it.
  ///
  /// - Parameter conversation: the messages; its variables go before the special tokens.
  /// - Returns: the prompt, with all special tokens in it.
  /// - Throws: what the template refuses, or cannot be rendered with.
  public func render(_ conversation: Conversation) throws(TemplateError) -> String {
    var conversation = conversation
    for (key, value) in specialTokens where conversation.variables[key] == nil {
      conversation.variables[key] = .string(value)
    }
    return try template.render(conversation, strftime: { LocalTime.formatted($0) })
  }

  /// A conversation as a model is given it.
  ///
  /// - Parameters:
  ///   - conversation: the messages, the last of them a user's.
  ///   - tokenizer: the model's.
  ///   - keepsUserTextPlain: whether special tokens that users spell are text like any other.
  /// - Returns: its text, and its tokens: the template has put the special ones where they belong.
  /// - Throws: `TemplateError`, `TokenizerError`, or `GenerationError` where the users' text cannot
  ///   be found in the prompt.
  public func prompt(
    of conversation: Conversation, _ tokenizer: Tokenizer, keepsUserTextPlain: Bool
  ) throws -> (text: String, ids: [Int]) {
    let text = try render(conversation)
    let plain = keepsUserTextPlain ? try userText(in: text, of: conversation) : []
    let tokens = try tokenizer.encode(Array(text.utf8), addSpecialTokens: false, plain: plain)
    return (text, tokens.map(\.id))
  }
}
