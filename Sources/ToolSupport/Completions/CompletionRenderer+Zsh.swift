extension CompletionRenderer {
  /// A function for `_arguments`, in a file for `fpath` that can be sourced as well.
  var zsh: [String] {
    ["#compdef kibble", title(.zsh), "", "_kibble() {"]
      + ["  local curcontext=$curcontext state line ret=1", "  local -a commands"]
      + ["  commands=("] + commands.map { "    " + singleQuoted(zshItem($0)) } + ["  )"]
      + zshArguments(
        OptionSpec.global.flatMap(zshSpecs) + ["(-): :->command", "(-)*:: :->arguments"],
        flags: "-C", indent: "  ")
      + ["  case $state in", "    command) _describe -t commands command commands && ret=0 ;;"]
      + ["    arguments)", "      curcontext=${curcontext%:*:*}:kibble-$words[1]:"]
      + ["      case $words[1] in"] + commands.flatMap(zshCase)
      + ["      esac ;;", "  esac", "  return ret", "}", ""]
      + ["if [[ $funcstack[1] == _kibble ]]; then", "  _kibble \"$@\"", "else"]
      + ["  compdef _kibble kibble", "fi"]
  }

  private func zshItem(_ command: CommandSpec) -> String {
    "\(command.name):\(zshEscaped(command.summary))"
  }

  private func zshCase(_ command: CommandSpec) -> [String] {
    ["        \(command.name))"]
      + zshArguments(
        options(of: command).flatMap(zshSpecs) + command.positionals.map(zshSpec), flags: "-S",
        indent: "          ")
      + ["          ;;"]
  }

  private func zshArguments(_ specs: [String], flags: String, indent: String) -> [String] {
    let call = ["\(indent)_arguments \(flags)"] + specs.map { "\(indent)  " + singleQuoted($0) }
    return [call.joined(separator: " \\\n") + " && ret=0"]
  }

  /// One specification for each spelling, which excludes the others unless it may be repeated.
  private func zshSpecs(of option: OptionSpec) -> [String] {
    let others = option.spellings.count > 1 ? "(\(option.spellings.joined(separator: " ")))" : ""
    return option.spellings.map { spelling in
      let name = (option.isRepeated ? "*" : others) + spelling
      let summary = "[\(zshEscaped(option.summary))]"
      guard let placeholder = option.placeholder, let hint = option.hint else {
        return name + summary
      }
      // A long one takes its value behind an equals sign, too; of a letter it is the next word.
      let sign = spelling.hasPrefix("--") ? "=" : ""
      return name + sign + summary + ":\(zshEscaped(placeholder)):" + zshAction(hint)
    }
  }

  private func zshSpec(of positional: PositionalSpec) -> String {
    let lead =
      switch positional.occurrence {
      case .required: ":"
      case .optional: "::"
      case .rest: "*:"
      }
    return lead + zshEscaped(positional.name) + ":" + zshAction(hint(of: positional))
  }

  private func zshAction(_ hint: ValueHint) -> String {
    switch hint {
    case .words(let choices): "(\(choices.joined(separator: " ")))"
    case .files: "_files"
    case .folders: "_directories"
    case .anything: " "
    }
  }

  /// A text in which `_arguments` and `_describe` find no signs of theirs.
  private func zshEscaped(_ text: String) -> String {
    text.map { #"\:[]"#.contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }
}
