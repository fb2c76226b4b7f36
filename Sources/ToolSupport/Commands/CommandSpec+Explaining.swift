// What help and manual say of a declaration.

extension CommandSpec {
  /// The synopses after the command's name.
  var synopses: [String] {
    guard usage.isEmpty else { return usage }
    let required = options.filter(\.isRequired).map(\.synopsis)
    return [(positionals.map(\.synopsis) + required + ["[OPTION…]"]).joined(separator: " ")]
  }
}

extension PositionalSpec {
  /// The summary and the choices.
  var explanation: String {
    choices.isEmpty ? summary : summary + ": " + choices.joined(separator: ", ")
  }
}

extension OptionSpec {
  /// The summary with choices, default and how often it may be given.
  var explanation: String {
    var text = summary
    if !choices.isEmpty { text += ": " + choices.joined(separator: ", ") }
    if let value = defaultValue { text += " (default: \(value))" }
    if isRequired { text += " (required)" }
    if isRepeated { text += " (may be repeated)" }
    return text
  }
}
