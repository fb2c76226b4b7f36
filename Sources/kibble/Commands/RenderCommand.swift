import ChatTemplate
import Diagnostics
import Generation
import JSONCore
import ToolSupport

/// `kibble render`: the text that a model's chat template makes of conversations.
struct RenderCommand: Command {
  static let lines = OptionSpec.value(
    "jsonl", "FILE", "one conversation in each line; - is stdin", required: true)

  static let template = OptionSpec.value(
    "template", "NAME",
    "the template of this name (default: tool_use where tools are given and it is there)")

  static let spec = CommandSpec(
    name: "render", summary: "show what the chat template makes of conversations",
    discussion: [
      "Each line of the file is an object with \"messages\" and, if need be, \"tools\", "
        + "\"documents\", \"add_generation_prompt\" and \"variables\", an object of more values for "
        + "the template. For each a line is written: {\"rendered\": TEXT}, or {\"error\": MESSAGE} "
        + "where the template cannot be rendered with it."
    ],
    positionals: [TokenizeCommand.model], options: [lines, template],
    examples: [.init("conversations", "render ./Doge-20M-Instruct --jsonl chats.jsonl")])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let files = try TextFiles(path: arguments.argument(TokenizeCommand.model))
    let name = arguments.value(Self.template)
    let plain = Result { try ChatFormat(files, template: name, withTools: false) }
    let withTools = Result { try ChatFormat(files, template: name, withTools: true) }
    // Without a default one, templates may still do for conversations with tools.
    if case .failure(let error) = withTools { throw error }
    try JSONLines.forEach(arguments.required(Self.lines)) { line in
      let conversation = try Conversation(line)
      let object: JSON
      do {
        let format = try (conversation.tools == nil ? plain : withTools).get()
        object = ["rendered": .string(try format.render(conversation))]
      } catch let error as any Diagnosable {
        object = ["error": .string(error.diagnostic.message)]
      }
      try context.output.writeLine(object.serialized())
      try context.progress.checkCancellation()
    }
    return .success
  }
}

extension Conversation {
  /// Reads a line of `render --jsonl`.
  fileprivate init(_ line: JSONObject) throws {
    guard let messages = line["messages"]?.arrayValue else {
      throw JSONLineError.missing("messages", expected: "an array")
    }
    self.init(
      messages: messages, tools: line["tools"]?.arrayValue,
      documents: line["documents"]?.arrayValue,
      addsGenerationPrompt: line["add_generation_prompt"]?.boolValue ?? false,
      variables: line["variables"]?.objectValue ?? JSONObject())
  }
}
