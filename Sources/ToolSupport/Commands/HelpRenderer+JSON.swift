import JSONCore

// The help as data, for completions and for checks of the documentation.

extension HelpRenderer {
  /// All commands with their declarations.
  var overviewJSON: JSON {
    [
      "schema": "kibble.help/1",
      "commands": .array(commands.map { json($0) }),
      "options": .array(OptionSpec.global.map { json($0) }),
    ]
  }

  /// The declaration of one command.
  func json(for command: CommandSpec) -> JSON {
    ["schema": "kibble.help/1", "commands": [json(command)]]
  }

  private func json(_ command: CommandSpec) -> JSON {
    [
      "name": .string(command.name),
      "summary": .string(command.summary),
      "writes_file": .bool(command.writesFile),
      "arguments": .array(command.positionals.map { json($0) }),
      "options": .array(command.options.map { json($0) }),
    ]
  }

  private func json(_ positional: PositionalSpec) -> JSON {
    [
      "name": .string(positional.name),
      "summary": .string(positional.summary),
      "choices": .array(positional.choices.map(JSON.string)),
      "required": .bool(positional.occurrence == .required),
      "repeated": .bool(positional.occurrence == .rest),
    ]
  }

  private func json(_ option: OptionSpec) -> JSON {
    [
      "name": .string(option.spelling),
      "short": option.short.map { .string("-\($0)") } ?? .null,
      "value": option.placeholder.map(JSON.string) ?? .null,
      "summary": .string(option.summary),
      "choices": .array(option.choices.map(JSON.string)),
      "default": option.defaultValue.map(JSON.string) ?? .null,
      "required": .bool(option.isRequired),
      "repeated": .bool(option.isRepeated),
    ]
  }
}
