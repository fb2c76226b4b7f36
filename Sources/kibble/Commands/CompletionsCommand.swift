import JSONCore
import ToolSupport

/// `kibble completions`: what a shell reads to complete kibble's command lines.
struct CompletionsCommand: Command {
  static let shell = PositionalSpec.required(
    "SHELL", "the shell", choices: CompletionShell.allCases.map(\.rawValue))

  static let spec = CommandSpec(
    name: "completions", summary: "print a shell's completions of commands and options",
    discussion: [
      "The script goes where the shell looks for one: as kibble into bash-completion's folder, as "
        + "_kibble into a folder of zsh's fpath, as kibble.fish into fish's completions."
    ],
    positionals: [shell],
    examples: [
      .init(
        "bash",
        "completions bash > ~/.local/share/bash-completion/completions/kibble"),
      .init("zsh, where ~/.zfunc is in fpath", "completions zsh > ~/.zfunc/_kibble"),
      .init("fish", "completions fish > ~/.config/fish/completions/kibble.fish"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let name = try arguments.argument(Self.shell)
    guard let shell = CompletionShell(rawValue: name) else {
      preconditionFailure("the choices of SHELL are the shells")
    }
    let script = Kibble.tool.completions(for: shell)
    if context.json {
      try context.emit([
        "schema": "kibble.completions/1", "shell": .string(name), "script": .string(script),
      ])
    } else {
      try context.output.write(script)
    }
    return .success
  }
}
