extension CompletionRenderer {
  /// A `complete` for each command, argument and option.
  ///
  /// fish doesn't count the arguments: those of a command are offered in each place.
  var fish: [String] {
    let valued = OptionSpec.global.filter { $0.hint != nil }.flatMap(\.spellings)
    return [
      title(.fish), "", "function __kibble_command_is", "    set -l words (commandline -opc)[2..]",
      "    set -l command ''", "    while set -q words[1]", "        switch $words[1]",
      "            case \(valued.joined(separator: " "))", "                set -e words[1]",
      "            case '-*'", "            case '*'", "                set command $words[1]",
      "                break", "        end", "        set -q words[1]; and set -e words[1]",
      "    end", "    test \"$command\" = \"$argv[1]\"", "end", "", "complete -c kibble -f",
    ]
      + commands.map { command in
        "complete -c kibble -n '__kibble_command_is \"\"' -a \(command.name)"
          + " -d \(fishQuoted(command.summary))"
      }
      + OptionSpec.global.filter { $0 != .force && $0 != .dryRun }.map { fishLine($0) }
      + commands.flatMap(fishLines)
  }

  private func fishLines(of command: CommandSpec) -> [String] {
    let arguments = command.positionals.flatMap { positional -> [String] in
      switch hint(of: positional) {
      case .words(let choices): ["-a \(fishQuoted(choices.joined(separator: " ")))"]
      case .files, .folders: ["-F"]
      case .anything: []
      }
    }
    let writing = command.writesFile ? [OptionSpec.force, .dryRun] : []
    return ([""] + arguments.map { "\(fishStart(command)) \($0)" })
      + (command.options + writing).map { fishLine($0, of: command) }
  }

  private func fishStart(_ command: CommandSpec?) -> String {
    "complete -c kibble" + (command.map { " -n '__kibble_command_is \($0.name)'" } ?? "")
  }

  private func fishLine(_ option: OptionSpec, of command: CommandSpec? = nil) -> String {
    let short = option.short.map { " -s \($0)" } ?? ""
    let value =
      switch option.hint {
      case .words(let choices): " -x -a \(fishQuoted(choices.joined(separator: " ")))"
      case .files: " -r -F"
      case .folders: " -x -a '(__fish_complete_directories)'"
      case .anything: " -x"
      case nil: ""
      }
    return fishStart(command) + short + " -l \(option.name)" + value
      + " -d \(fishQuoted(option.summary))"
  }

  private func fishQuoted(_ text: String) -> String {
    "'" + text.map { #"\'"#.contains($0) ? "\\\($0)" : "\($0)" }.joined() + "'"
  }
}
