import Diagnostics
import JSONCore
import Synchronization
import ToolSupport

/// Collects text from any thread.
final class Transcript: Sendable {
  private let collected = Mutex("")

  var text: String { collected.withLock { $0 } }

  func append(_ text: String) { collected.withLock { $0 += text } }
}

extension OptionSpec {
  static let output = value("output", short: "o", "FILE", "where to write", required: true)
  static let type = value(
    "type", "T", "the type of the weights", choices: ["source", "int8", "int4"], default: "source")
  static let groupSize = value("group-size", "N", "columns in a group", default: "32")
  static let limit = value("max-mean-kld", "X", "the highest mean KLD that passes")
  static let tensor = repeated("tensor", "GLOB=T", "the type of the tensors that match")
  static let stats = flag("stats", "add statistics")
}

extension PositionalSpec {
  static let checkpoint = required("CHECKPOINT", "a checkpoint folder")
  static let model = required("MODEL", "a model")
  static let name = optional("NAME", "a tensor's name")
  static let ids = rest("ID", "token ids")
}

/// A command that writes a file.
struct ConvertCommand: Command {
  static let spec = CommandSpec(
    name: "convert", summary: "turn a checkpoint into a .kibble file",
    discussion: ["Reads the checkpoint tensor by tensor."],
    positionals: [.checkpoint],
    options: [.output, .type, .groupSize, .limit, .tensor],
    examples: [.init("eight bits", "convert ./doge -o doge.kibble --type int8")],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let checkpoint = try arguments.argument(.checkpoint)
    let type = try arguments.required(.type)
    context.progress.phase("converting", total: 2, unit: .items) {
      context.progress.report(.advanced(by: 2))
    }
    context.warn(Warning(code: "test.odd", "odd\u{1B}[2J", path: checkpoint))
    if context.json {
      try context.emit(["schema": "test/1", "type": .string(type)])
    } else {
      try context.output.writeLine("\(checkpoint) as \(type)")
    }
    return .success
  }
}

/// A command that does what its argument says.
struct InspectCommand: Command {
  static let spec = CommandSpec(
    name: "inspect", summary: "look inside", positionals: [.model, .name, .ids], options: [.stats])

  struct Unforeseen: Error {}

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    try context.output.writeLine("begun")
    switch try arguments.argument(.model) {
    case "damaged":
      throw Diagnostic(
        .badData, code: "test.damaged", "it is damaged", path: "a.safetensors", tensor: "w")
    case "unforeseen": throw Unforeseen()
    case "interrupted": throw Interruption()
    case "different": return .difference
    default: return .success
    }
  }
}

let tool = CommandTool(
  version: "1.2.3", summary: "A tool for tests.",
  sections: [
    CommandSection("Make", [ConvertCommand.self]), CommandSection("Look", [InspectCommand.self]),
  ])

/// The arguments of a command line of the test tool, which has to be right.
func parse(_ line: String...) throws -> ParsedArguments {
  guard case .run(let arguments) = try ArgumentScanner(commands: tool.specs).scan(line) else {
    throw UsageError.unknownCommand("none", nearest: nil)
  }
  return arguments
}
