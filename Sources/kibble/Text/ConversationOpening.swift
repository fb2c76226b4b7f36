import ByteIO
import ChatTemplate
import Diagnostics
import Generation
import JSONCore
import ToolSupport

/// What the options of `chat` and `generate` say of a conversation before anything is said.
enum ConversationOpening {
  static let headless = OptionSpec.flag(
    "no-generation-prompt", "end the prompt without the head of the answer")
  static let tools = OptionSpec.value(
    "tools", "FILE", "a JSON array of schemas of functions that the model may call")
  static let variable = OptionSpec.repeated(
    "variable", "KEY=JSON", "a value for the template, such as date_string='\"1 May 2026\"'")

  static let options = [headless, tools, variable]

  /// Reads the options.
  static func read(_ arguments: ParsedArguments) throws -> Conversation {
    var variables = JSONObject()
    for text in arguments.values(variable) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty,
        let value = try? JSON.parse(Array(parts[1].utf8), dialect: .python)
      else {
        throw arguments.invalid(
          variable, text, expected: "a name, `=` and a JSON value: texts stand in quotes")
      }
      variables[String(parts[0])] = value
    }
    return Conversation(
      messages: [], tools: try arguments.value(tools).map(functions),
      addsGenerationPrompt: !arguments.has(headless), variables: variables)
  }

  /// The schemas in a file.
  private static func functions(_ path: String) throws -> [JSON] {
    let bytes = try FileSystem.read(path, limit: Limits.sideFile)
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, dialect: .python)
    } catch {
      throw TextFileError.bad(path: path, error.diagnostic)
    }
    guard let schemas = json.arrayValue, schemas.allSatisfy({ $0.objectValue != nil }) else {
      throw TextFileError.bad(
        path: path,
        Diagnostic(
          .badData, code: "tools.not-schemas", "expected an array of objects, a schema each"))
    }
    return schemas
  }
}
