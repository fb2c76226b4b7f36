import ChatTemplate
import JSONCore
import Tokenization
import ToolSupport

/// A model's chat template, and the special tokens that it may use.
struct ChatFormat {
  private let template: ChatTemplate
  private let specialTokens: [(key: String, value: String)]

  /// - Throws: what is wrong with the files, or that there is no template.
  init(_ files: TextFiles, withTools: Bool) throws {
    template = try files.chatTemplate(withTools: withTools)
    specialTokens = try files.tokenizerConfig().specialTokens.sorted { $0.key < $1.key }
  }

  /// The text of a conversation, as transformers' `apply_chat_template` makes it.
  func render(_ conversation: Conversation) throws(TemplateError) -> String {
    var conversation = conversation
    for (key, value) in specialTokens where conversation.variables[key] == nil {
      conversation.variables[key] = .string(value)
    }
    return try template.render(conversation, strftime: { LocalTime.formatted($0) })
  }
}

extension Conversation {
  /// Reads a line of `render --jsonl`.
  init(_ line: JSONObject) throws {
    guard let messages = line["messages"]?.arrayValue else {
      throw JSONLineError.missing("messages", expected: "an array")
    }
    self.init(
      messages: messages, tools: line["tools"]?.arrayValue,
      documents: line["documents"]?.arrayValue,
      addsGenerationPrompt: line["add_generation_prompt"]?.boolValue ?? false,
      variables: line["variables"]?.objectValue ?? JSONObject())
  }

  /// Adds a message.
  mutating func append(role: String, content: String) {
    messages.append(["role": .string(role), "content": .string(content)])
  }
}
