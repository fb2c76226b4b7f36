/// An option of a command: how it is spelled, what it takes, what the help says of it.
///
/// Declare one as a static member of `OptionSpec`: the same value then declares the option in a
/// `CommandSpec` and reads it from `ParsedArguments`, so that its name is written once.
package struct OptionSpec: Equatable, Sendable {
  /// What stands after the option.
  package enum Arity: Equatable, Sendable {
    case flag
    case value(placeholder: String)
    case repeated(placeholder: String)
  }

  /// The long name without its dashes.
  package let name: String
  /// The letter of a short spelling: `o` for `-o`.
  package let short: Character?
  package let arity: Arity
  /// What the option does, for the help.
  package let summary: String
  /// The only values that are accepted; empty if any is.
  package let choices: [String]
  /// How others call choices: what their names begin with, in small letters, and the choice.
  package let otherNames: [String: String]
  /// What is used when the option isn't given.
  package let defaultValue: String?
  package let isRequired: Bool

  /// An option that takes no value.
  package static func flag(
    _ name: String, short: Character? = nil, _ summary: String
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: short, arity: .flag, summary: summary, choices: [], otherNames: [:],
      defaultValue: nil,
      isRequired: false)
  }

  /// An option with one value, which may be given once.
  package static func value(
    _ name: String, short: Character? = nil, _ placeholder: String, _ summary: String,
    choices: [String] = [], otherNames: [String: String] = [:],
    default defaultValue: String? = nil, required isRequired: Bool = false
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: short, arity: .value(placeholder: placeholder), summary: summary,
      choices: choices, otherNames: otherNames, defaultValue: defaultValue, isRequired: isRequired)
  }

  /// An option with a value, which may be given any number of times.
  package static func repeated(
    _ name: String, short: Character? = nil, _ placeholder: String, _ summary: String
  ) -> OptionSpec {
    OptionSpec(
      name: name, short: short, arity: .repeated(placeholder: placeholder), summary: summary,
      choices: [], otherNames: [:], defaultValue: nil, isRequired: false)
  }

  /// The word for the value in help and messages; nil for a flag.
  package var placeholder: String? {
    switch arity {
    case .flag: nil
    case .value(let placeholder), .repeated(let placeholder): placeholder
    }
  }

  /// Whether the option may be given several times.
  package var isRepeated: Bool {
    if case .repeated = arity { true } else { false }
  }

  /// The spelling that messages use: `--type`.
  package var spelling: String { "--" + name }

  /// The shortest spelling with the value's place: `-o FILE`.
  package var synopsis: String {
    let spelled = short.map { "-\($0)" } ?? spelling
    return placeholder.map { spelled + " " + $0 } ?? spelled
  }

  /// The accepted value that `text` stands for, whatever its case; nil if there is none.
  func choice(for text: String) -> String? {
    choices.isEmpty ? text : choices.first { $0.lowercased() == text.lowercased() }
  }

  /// The choice that a text most likely means.
  func nearestChoice(to text: String) -> String? {
    let text = text.lowercased()
    let known = otherNames.filter { text.hasPrefix($0.key) && choices.contains($0.value) }
    return known.max { ($0.key.count, $0.key) < ($1.key.count, $1.key) }?.value
      ?? nearestName(to: text, among: choices)
  }
}
