import Diagnostics

extension UsageError: Diagnosable {
  package var diagnostic: Diagnostic {
    switch self {
    case .unknownCommand(let name, let nearest):
      usage(
        "unknown-command", "there is no command '\(name)'", command: nil, nearest: nearest)
    case .unknownOption(let option, let nearest, let command):
      usage(
        "unknown-option", subject(command) + "has no option '\(option)'", command: command,
        nearest: nearest)
    case .optionBeforeCommand(let option):
      usage(
        "option-before-command", "the option '\(option)' stands before the command",
        command: nil, hint: "write the command first: kibble COMMAND \(option)")
    case .missingValue(let option, let placeholder, let next?, let command):
      usage(
        "missing-value", "\(option) needs a value (\(placeholder)), but '\(next)' follows",
        command: command, hint: "a value that begins with a dash is written \(option)=VALUE")
    case .missingValue(let option, let placeholder, nil, let command):
      usage("missing-value", "\(option) needs a value (\(placeholder))", command: command)
    case .unexpectedValue(let option, let value, let command):
      usage(
        "unexpected-value", "\(option) takes no value, but '\(value)' was given",
        command: command)
    case .repeatedOption(let option, let command):
      usage("repeated-option", "\(option) is given more than once", command: command)
    case .invalidChoice(let option, let value, let choices, let nearest, let command):
      usage(
        "invalid-choice",
        "\(option) is one of \(choices.joined(separator: ", ")), but '\(value)' was given",
        command: command, nearest: nearest)
    case .invalidValue(let option, let value, let expected, let command):
      usage(
        "invalid-value", "\(option) is \(expected), but '\(value)' was given", command: command)
    case .argumentNotUTF8(let place, let text):
      usage(
        "not-utf8", "argument \(place) is not UTF-8: '\(text)'", command: nil,
        hint: "convert it to UTF-8")
    case .missingArgument(let name, let command):
      usage("missing-argument", "\(command) needs \(name)", command: command)
    case .missingOption(let option, let command):
      usage("missing-option", "\(command) needs \(option)", command: command)
    case .unexpectedArgument(let argument, let command):
      usage(
        "unexpected-argument", "\(command) has no place for the argument '\(argument)'",
        command: command)
    case .nothingToWrite(let command):
      usage(
        "nothing-to-write",
        "\(command) writes no file, so there is nothing that --dry-run leaves out",
        command: command, hint: "leave --dry-run away")
    case .conflictingOptions(let first, let second, let command):
      usage(
        "conflicting-options", "\(first) and \(second) can't be given together", command: command)
    }
  }

  /// The same where the commands' declarations say how the command is used.
  package func diagnostic(knowing commands: [CommandSpec]) -> Diagnostic {
    var diagnostic = diagnostic
    let (name, stray): (String, String?) =
      switch self {
      case .missingArgument(_, let command), .missingOption(_, let command): (command, nil)
      case .unexpectedArgument(let argument, let command): (command, argument)
      default: ("", nil)
      }
    guard let command = commands.first(where: { $0.name == name }) else { return diagnostic }
    let forms = command.synopses.prefix(2).map { "kibble \(name) \($0)" }.joined(separator: ", or ")
    diagnostic.hint = "usage: \(forms); see 'kibble help \(name)'"
    if let stray, let option = command.strayText {
      diagnostic.hint =
        "did you mean \(option.spelling) '\(escaped(stray))'? "
        + "Otherwise see 'kibble help \(name)'"
    }
    return diagnostic
  }

  private func subject(_ command: String?) -> String { (command ?? "kibble") + " " }

  private func usage(
    _ code: String, _ message: String, command: String?, nearest: String? = nil,
    hint: String? = nil
  ) -> Diagnostic {
    let help = "see 'kibble help\(command.map { " " + $0 } ?? "")'"
    return Diagnostic(
      .usage, code: "usage." + code, escaped(message),
      hint: hint ?? nearest.map { "did you mean '\($0)'? Otherwise \(help)" } ?? help)
  }
}
