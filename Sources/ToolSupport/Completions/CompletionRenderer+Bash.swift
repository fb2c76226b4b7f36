extension CompletionRenderer {
  /// A table of what may stand where, and a function that finds the place of the cursor.
  ///
  /// The function runs in bash 3.2, which is macOS's, too. Files are left to readline, which alone
  /// knows how they are quoted.
  var bash: [String] {
    [title(.bash), "", "_kibble_expected() {", "  case $1 in"]
      + bashCase("''", words(commands.map(\.name)))
      + bashCase("-", words(OptionSpec.global.flatMap(\.spellings)))
      + OptionSpec.global.flatMap { bashCase(of: $0, command: "") }
      + commands.flatMap(bashCases)
      + ["    *) return 1 ;;", "  esac", "}", ""]
      + Self.bashFunction
  }

  private func bashCases(of command: CommandSpec) -> [String] {
    let positionals = command.positionals.enumerated().flatMap { place, positional in
      let key = positional.occurrence == .rest ? "rest" : String(place)
      return bashCase("\(command.name):\(key)", bashValue(hint(of: positional)))
    }
    return bashCase(command.name, words(options(of: command).flatMap(\.spellings))) + positionals
      + command.options.flatMap { bashCase(of: $0, command: command.name) }
  }

  private func bashCase(of option: OptionSpec, command: String) -> [String] {
    guard let hint = option.hint else { return [] }
    let keys = option.spellings.map { "\(command):\($0)" }
    return bashCase(keys.joined(separator: "|"), bashValue(hint))
  }

  private func bashCase(_ key: String, _ value: String) -> [String] {
    ["    \(key)) expected=\(singleQuoted(value)) ;;"]
  }

  private func bashValue(_ hint: ValueHint) -> String {
    switch hint {
    case .words(let choices): words(choices)
    case .files: "<files>"
    case .folders: "<folders>"
    case .anything: ""
    }
  }

  private func words(_ words: [String]) -> String { words.joined(separator: " ") }

  private static let bashFunction = [
    #"""
    _kibble() {
      local word=${COMP_WORDS[COMP_CWORD]} command= option= ended= place=0 expected= index current
      COMPREPLY=()
      for ((index = 1; index < COMP_CWORD; index++)); do
        current=${COMP_WORDS[index]}
        # readline takes --type=int4 and its like apart.
        if [[ $current == [=:] ]]; then
          ((index + 1 == COMP_CWORD)) && break
          option=
          ((index++))
        elif [[ -n $option ]]; then
          option=
          # The value of an option may have a part behind a sign, which belongs to it.
          [[ ${COMP_WORDS[index + 1]} == [=:] ]] && ((index + 2 == COMP_CWORD)) && return
        elif [[ -z $ended && $current == -- ]]; then
          ended=1
        elif [[ -z $ended && $current == -?* ]]; then
          if _kibble_expected "$command:$current" || _kibble_expected ":$current"; then
            option=$current
          fi
        elif [[ -z $command ]]; then
          command=$current
        else
          ((place++))
        fi
      done
      [[ $word == = ]] && word=

      expected=
      if [[ -n $option ]]; then
        _kibble_expected "$command:$option" || _kibble_expected ":$option"
      elif [[ -z $ended && $word == -* ]]; then
        _kibble_expected "${command:--}"
      elif [[ -z $command ]]; then
        _kibble_expected ''
      elif ! _kibble_expected "$command:$place" && ! _kibble_expected "$command:rest"; then
        [[ -n $ended ]] || _kibble_expected "$command"
      fi
      [[ $expected == '<files>' ]] && return
      compopt +o default 2>/dev/null
      if [[ $expected == '<folders>' ]]; then
        compopt -o dirnames 2>/dev/null
      else
        local IFS=$' \t\n'
        COMPREPLY=($(compgen -W "$expected" -- "$word"))
      fi
    }
    complete -o default -F _kibble kibble
    """#
  ]
}
