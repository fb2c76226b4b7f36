/// What a command line asks for.
package enum Invocation: Sendable {
  /// Neither a command nor a request for help.
  case nothing
  /// Help on a command, or on the tool as a whole.
  case help(CommandSpec?)
  case version
  case run(ParsedArguments)
}

/// Takes a command line apart after the declarations of the commands.
///
/// Options may stand anywhere, as `--name value` or `--name=value`; `--` ends them. An argument
/// that begins with a dash and isn't a number is an option, so a value of that kind has to be
/// written with `=`. Options aren't abbreviated and letters aren't clustered.
package struct ArgumentScanner: Sendable {
  private let commands: [CommandSpec]

  package init(commands: [CommandSpec]) {
    self.commands = commands
  }

  /// Whether `--json` is given, even if the rest can't be understood.
  package static func requestsJSON(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains(OptionSpec.json.spelling)
  }

  /// Scans the arguments after the tool's name, up to the first request for help.
  package func scan(_ arguments: [String]) throws(UsageError) -> Invocation {
    var rest = arguments[...]
    var found = FoundArguments()
    var optionsEnded = false
    while let argument = rest.popFirst() {
      if !optionsEnded, argument == "--" {
        optionsEnded = true
      } else if !optionsEnded, looksLikeOption(argument) {
        let option = try scanOption(argument, from: &rest, into: &found)
        if option == .help { return .help(found.command) }
        if option == .version { return .version }
      } else if found.command == nil {
        found.command = try command(named: argument)
      } else {
        found.positionals.append(argument)
      }
    }
    guard let command = found.command else { return .nothing }
    try check(found, for: command)
    return .run(
      ParsedArguments(command: command, positionals: found.positionals, values: found.values))
  }

  /// The command of that name.
  package func command(named name: String) throws(UsageError) -> CommandSpec {
    if let command = commands.first(where: { $0.name == name }) { return command }
    throw .unknownCommand(name, nearest: nearestName(to: name, among: commands.map(\.name)))
  }

  private func scanOption(
    _ argument: String, from rest: inout ArraySlice<String>, into found: inout FoundArguments
  ) throws(UsageError) -> OptionSpec {
    let (spelling, attached) = split(argument)
    let command = found.command?.name
    let option = try option(spelled: spelling, of: found.command)
    switch option.arity {
    case .flag:
      if let attached {
        throw .unexpectedValue(option: spelling, value: attached, command: command)
      }
      found.values[option.name] = []
    case .value(let placeholder):
      if found.values[option.name] != nil {
        throw .repeatedOption(option.spelling, command: command)
      }
      let value = try value(of: spelling, attached, placeholder, from: &rest, command)
      found.values[option.name] = [try checkedChoice(value, of: option, command)]
    case .repeated(let placeholder):
      let value = try value(of: spelling, attached, placeholder, from: &rest, command)
      found.values[option.name, default: []].append(value)
    }
    return option
  }

  private func option(
    spelled spelling: String, of command: CommandSpec?
  ) throws(UsageError) -> OptionSpec {
    let known = (command?.options ?? []) + OptionSpec.global
    if let option = known.first(where: { $0.isSpelled(spelling) }) { return option }
    if command == nil, commands.contains(where: { $0.options.contains { $0.isSpelled(spelling) } })
    {
      throw .optionBeforeCommand(spelling)
    }
    let bare = String(spelling.drop { $0 == "-" })
    let nearest = nearestName(to: bare, among: known.map(\.name))
    throw .unknownOption(
      spelling, nearest: nearest.map { "--" + $0 }, command: command?.name)
  }

  private func value(
    of spelling: String, _ attached: String?, _ placeholder: String,
    from rest: inout ArraySlice<String>, _ command: String?
  ) throws(UsageError) -> String {
    if let attached { return attached }
    if let next = rest.first, next != "--", !looksLikeOption(next) { return rest.removeFirst() }
    throw .missingValue(
      option: spelling, placeholder: placeholder, next: rest.first, command: command)
  }

  private func checkedChoice(
    _ value: String, of option: OptionSpec, _ command: String?
  ) throws(UsageError) -> String {
    if let choice = option.choice(for: value) { return choice }
    throw .invalidChoice(
      option: option.spelling, value: value, choices: option.choices,
      nearest: option.nearestChoice(to: value), command: command)
  }

  private func check(
    _ found: FoundArguments, for command: CommandSpec
  ) throws(UsageError) {
    let count = found.positionals.count
    if let missing = command.positionals.dropFirst(count).first(where: {
      $0.occurrence == .required
    }) {
      throw .missingArgument(missing.name, command: command.name)
    }
    if count > command.positionals.count, command.positionals.last?.occurrence != .rest {
      throw .unexpectedArgument(
        found.positionals[command.positionals.count], command: command.name)
    }
    if !command.writesFile, found.values[OptionSpec.dryRun.name] != nil {
      throw .nothingToWrite(command: command.name)
    }
    for (positional, value) in zip(command.positionals, found.positionals)
    where !positional.choices.isEmpty && !positional.choices.contains(value) {
      throw .invalidChoice(
        option: positional.name, value: value, choices: positional.choices,
        nearest: nearestName(to: value, among: positional.choices), command: command.name)
    }
    if let missing = command.options.first(where: {
      $0.isRequired && found.values[$0.name] == nil
    }) {
      throw .missingOption(missing.synopsis, command: command.name)
    }
  }
}

/// What a scan has met so far.
private struct FoundArguments {
  var command: CommandSpec?
  var positionals: [String] = []
  /// The values by the option's name; a flag that is given has none.
  var values: [String: [String]] = [:]
}

extension OptionSpec {
  fileprivate func isSpelled(_ spelling: String) -> Bool {
    spelling == self.spelling || short.map { spelling == "-\($0)" } ?? false
  }
}

/// Whether an argument is an option: a dash and more, but no negative number.
private func looksLikeOption(_ argument: String) -> Bool {
  guard argument.hasPrefix("-"), let second = argument.dropFirst().first else { return false }
  return !(second.isASCII && (second.isNumber || second == "."))
}

/// The option's name with its dashes, and what stands after the equals sign if there is one.
private func split(_ argument: String) -> (spelling: String, value: String?) {
  guard let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
  return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
}
