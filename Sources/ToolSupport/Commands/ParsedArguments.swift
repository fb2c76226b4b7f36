/// The arguments of one command, which fit its declaration.
///
/// Arguments and options are read through the values that declare them; reading one that the
/// command doesn't declare is a mistake in the program.
package struct ParsedArguments: Sendable {
  package let command: CommandSpec
  /// The arguments that are known by their place, in order.
  package private(set) var positionals: [String]
  private var values: [String: [String]]

  init(command: CommandSpec, positionals: [String], values: [String: [String]]) {
    self.command = command
    self.positionals = positionals
    self.values = values
  }
}

extension ParsedArguments {
  /// The same with what `path` makes of every argument and value that help calls by one of the names.
  func mapping(
    _ names: Set<String>, _ path: (String) throws -> String
  ) rethrows -> ParsedArguments {
    var result = self
    for index in positionals.indices {
      let places = command.positionals
      guard let place = index < places.count ? places[index] : places.last,
        names.contains(place.name)
      else { continue }
      do {
        result.positionals[index] = try path(positionals[index])
      } catch  where command.takesEachAlone && positionals.count > 1 {
        // Whoever opens it will complain.
      }
    }
    for option in command.options {
      guard let placeholder = option.placeholder, names.contains(placeholder) else { continue }
      result.values[option.name] = try values[option.name]?.map(path)
    }
    return result
  }
}

// MARK: Arguments known by their place

extension ParsedArguments {
  /// The argument in that place, which has to be there.
  package func argument(_ positional: PositionalSpec) throws(UsageError) -> String {
    if let argument = optionalArgument(positional) { return argument }
    throw .missingArgument(positional.name, command: command.name)
  }

  /// The argument in that place, if it is there.
  package func optionalArgument(_ positional: PositionalSpec) -> String? {
    rest(positional).first
  }

  /// The arguments from that place on.
  package func rest(_ positional: PositionalSpec) -> ArraySlice<String> {
    guard let place = command.positionals.firstIndex(of: positional) else {
      preconditionFailure("\(command.name) declares no argument \(positional.name)")
    }
    return positionals.dropFirst(place)
  }
}

// MARK: Options

extension ParsedArguments {
  /// Whether the option is given.
  package func has(_ option: OptionSpec) -> Bool { given(option) != nil }

  /// The option's value, else its default.
  package func value(_ option: OptionSpec) -> String? {
    given(option)?.last ?? option.defaultValue
  }

  /// All values of an option that may be given several times.
  package func values(_ option: OptionSpec) -> [String] { given(option) ?? [] }

  /// The option's value, else its default; without either the option is missing.
  package func required(_ option: OptionSpec) throws(UsageError) -> String {
    if let value = value(option) { return value }
    throw .missingOption(option.synopsis, command: command.name)
  }

  /// The option's value, or its default, as a whole number of the range.
  package func integer(
    _ option: OptionSpec, in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(UsageError) -> Int? {
    guard let text = value(option) else { return nil }
    if let value = Int(text), range.contains(value) { return value }
    throw invalid(option, text, expected: "a whole number" + description(of: range))
  }

  /// The option's value, or its default, as a whole number that 64 bits hold without a sign.
  package func unsigned(_ option: OptionSpec) throws(UsageError) -> UInt64? {
    guard let text = value(option) else { return nil }
    if let value = UInt64(text) { return value }
    throw invalid(option, text, expected: "a whole number from 0 to \(UInt64.max)")
  }

  /// The option's value, or its default, as a finite number of the range.
  package func number(
    _ option: OptionSpec, in range: ClosedRange<Double> = -Double.infinity...Double.infinity
  ) throws(UsageError) -> Double? {
    guard let text = value(option) else { return nil }
    if let value = decimal(text), range.contains(value) { return value }
    throw invalid(option, text, expected: "a number" + description(of: range))
  }

  /// Refuses two options that exclude each other.
  package func refuse(_ first: OptionSpec, with second: OptionSpec) throws(UsageError) {
    if has(first), has(second) {
      throw .conflictingOptions(first.spelling, second.spelling, command: command.name)
    }
  }

  /// The usage error for a value that only the command can judge; `expected` completes
  /// "--option is …".
  package func invalid(_ option: OptionSpec, _ value: String, expected: String) -> UsageError {
    .invalidValue(
      option: option.spelling, value: value, expected: expected, command: command.name)
  }

  private func given(_ option: OptionSpec) -> [String]? {
    precondition(
      command.options.contains(option) || OptionSpec.global.contains(option),
      "\(command.name) declares no option \(option.spelling)")
    return values[option.name]
  }
}

/// A finite number in decimal notation.
private func decimal(_ text: String) -> Double? {
  guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
  guard let value = Double(text), value.isFinite else { return nil }
  return value
}

private func description(of range: ClosedRange<Int>) -> String {
  switch (range.lowerBound, range.upperBound) {
  case (.min, .max): ""
  case (let low, .max): " of at least \(low)"
  case (.min, let high): " of at most \(high)"
  case (let low, let high): " from \(low) to \(high)"
  }
}

private func description(of range: ClosedRange<Double>) -> String {
  switch (range.lowerBound, range.upperBound) {
  case (-.infinity, .infinity): ""
  case (let low, .greatestFiniteMagnitude...): " of at least \(plain(low))"
  case (-.infinity, let high): " of at most \(plain(high))"
  case (let low, let high): " from \(plain(low)) to \(plain(high))"
  }
}

/// A number without the fraction that it doesn't have.
private func plain(_ value: Double) -> String {
  Int(exactly: value).map(String.init) ?? "\(value)"
}
