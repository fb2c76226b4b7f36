import JSONCore

/// What a chat template is applied to, and the rules by which transformers hands it over.
public struct Conversation: Sendable {
  /// The messages: objects with "role", "content" and what else a template reads.
  public var messages: [JSON]
  /// The schemas of functions that the model may call; nil leaves `tools` none.
  public var tools: [JSON]?
  /// Texts to answer from; nil leaves `documents` none.
  public var documents: [JSON]?
  /// Whether the prompt ends with the head of the assistant's answer.
  public var addsGenerationPrompt: Bool
  /// More variables: the special tokens of the tokenizer, and what the caller adds.
  public var variables: JSONObject

  /// A conversation of messages.
  public init(
    messages: [JSON], tools: [JSON]? = nil, documents: [JSON]? = nil,
    addsGenerationPrompt: Bool = false, variables: JSONObject = JSONObject()
  ) {
    self.messages = messages
    self.tools = tools
    self.documents = documents
    self.addsGenerationPrompt = addsGenerationPrompt
    self.variables = variables
  }

  /// The variables as transformers 5 passes them to the template: members of messages that are
  /// null are left out, and a message's reasoning is found under all of its usual names.
  ///
  /// - Throws: `TemplateError.invalidVariable` if there are no messages, or if one of the
  ///   messages, tools or documents is no object, or if a variable has a reserved name.
  public func templateVariables() throws(TemplateError) -> JSONObject {
    guard !messages.isEmpty else { throw .invalidVariable("messages", reason: "is empty") }
    var prepared: [JSON] = []
    for message in messages {
      guard let object = message.objectValue else {
        throw .invalidVariable("messages", reason: "holds \(message.kind), not an object")
      }
      prepared.append(.object(Self.prepared(object)))
    }
    var result = JSONObject()
    result["messages"] = .array(prepared)
    result["tools"] = try Self.objects("tools", tools)
    result["documents"] = try Self.objects("documents", documents)
    result["add_generation_prompt"] = .bool(addsGenerationPrompt)
    for member in variables.members {
      guard result[member.key] == nil else {
        throw .invalidVariable(member.key, reason: "is given by the conversation already")
      }
    }
    for member in variables.members { result[member.key] = member.value }
    return result
  }

  private static func objects(_ name: String, _ values: [JSON]?) throws(TemplateError) -> JSON {
    guard let values else { return .null }
    for value in values where value.objectValue == nil {
      throw .invalidVariable(name, reason: "holds \(value.kind), not an object")
    }
    return .array(values)
  }

  private static func prepared(_ message: JSONObject) -> JSONObject {
    var message = JSONObject(
      message.members.filter { !$0.value.isNull }.map { ($0.key, $0.value) })
    let names = ["reasoning_content", "thinking", "reasoning"]
    guard let reasoning = names.lazy.compactMap({ message[$0] }).first else { return message }
    let thinking = message["thinking"] ?? reasoning
    message["thinking"] = nil
    message = JSONObject([("thinking", thinking)] + message.members.map { ($0.key, $0.value) })
    message["reasoning_content"] = reasoning
    return message
  }
}
