/// What a shell may offer where a value stands.
package enum ValueHint: Equatable, Sendable {
  case words([String])
  case files
  case folders
  /// A number, a text or a name, which only the user knows.
  case anything

  /// The words of the table that stand for a path.
  private static let paths: Set = [
    "A", "B", "CANDIDATE", "CHECKPOINT", "FILE", "GATE", "MODEL", "OTHER", "POINTS", "REFERENCE",
    "REPORT", "REPORT.json",
  ]

  /// The hint for a word in capitals that has no choices.
  init(placeholder: String) {
    self =
      if placeholder == "FOLDER" {
        .folders
      } else if Self.paths.contains(placeholder) {
        .files
      } else {
        .anything
      }
  }
}

extension OptionSpec {
  /// What may stand behind the option; nil for a flag.
  package var hint: ValueHint? {
    choices.isEmpty ? placeholder.map(ValueHint.init(placeholder:)) : .words(choices)
  }

  /// The option as it is written on a command line: its letter first.
  var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + [spelling] }
}

extension PositionalSpec {
  /// What may stand in the argument's place.
  package var hint: ValueHint {
    choices.isEmpty ? ValueHint(placeholder: name) : .words(choices)
  }
}
