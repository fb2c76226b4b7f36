/// A shell that asks scripts how to complete a command line.
package enum CompletionShell: String, CaseIterable, Sendable {
  case bash, zsh, fish
}

/// Completion scripts from the declarations of the commands.
///
/// All names in the declarations are words of letters, digits and dashes; only summaries hold what
/// a shell might take for its own.
struct CompletionRenderer: Sendable {
  let version: String
  let commands: [CommandSpec]

  func script(for shell: CompletionShell) -> String {
    let lines =
      switch shell {
      case .bash: bash
      case .zsh: zsh
      case .fish: fish
      }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What stands above each script.
  func title(_ shell: CompletionShell) -> String {
    "# Completions of kibble \(version), made by `kibble completions \(shell.rawValue)`."
  }

  /// The options that a shell offers for a command: those that its help lists.
  func options(of command: CommandSpec) -> [OptionSpec] {
    command.options + OptionSpec.global(for: command)
  }

  /// What may stand in an argument's place; the declaration of `help` cannot know the commands.
  func hint(of positional: PositionalSpec) -> ValueHint {
    positional.name == "COMMAND" ? .words(commands.map(\.name)) : positional.hint
  }
}

/// A text in single quotes, where bash and zsh take everything as it is.
func singleQuoted(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    + "'"
}
