/// One command of the tool: what it takes, and what it does.
package protocol Command: Sendable {
  /// The declaration, from which arguments are parsed and help is written.
  static var spec: CommandSpec { get }

  init()

  /// Does the command's work.
  ///
  /// Results go to `context.output`. Errors that are `Diagnosable` end the run with the exit code
  /// of their kind; any other error is one of the tool's own (70).
  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus
}

/// Commands that the help lists together.
package struct CommandSection: Sendable {
  let title: String
  let commands: [any Command.Type]

  package init(_ title: String, _ commands: [any Command.Type]) {
    self.title = title
    self.commands = commands
  }
}
