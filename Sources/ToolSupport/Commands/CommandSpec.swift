/// What a command takes and does: the one source of parsing, of the help and of its JSON form.
package struct CommandSpec: Equatable, Sendable {
  /// A command line to copy, and what it does.
  package struct Example: Equatable, Sendable {
    package let summary: String
    /// The arguments after the tool's name.
    package let arguments: String

    package init(_ summary: String, _ arguments: String) {
      self.summary = summary
      self.arguments = arguments
    }
  }

  package let name: String
  /// One line: what the command does.
  package let summary: String
  /// Paragraphs for the command's own help.
  package let discussion: [String]
  /// The synopses after the command's name; made from the parts if empty.
  package let usage: [String]
  package let positionals: [PositionalSpec]
  package let options: [OptionSpec]
  package let examples: [Example]
  /// Whether the help lists `--force` and `--dry-run`.
  package let writesFile: Bool
  /// Whether each argument is worked on by itself, so that one that is not there stops no other.
  package let takesEachAlone: Bool
  /// The option that takes what is often given as one argument too many: a text.
  package let strayText: OptionSpec?

  package init(
    name: String, summary: String, discussion: [String] = [], usage: [String] = [],
    positionals: [PositionalSpec] = [], options: [OptionSpec] = [], examples: [Example] = [],
    writesFile: Bool = false, takesEachAlone: Bool = false, strayText: OptionSpec? = nil
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.usage = usage
    self.positionals = positionals
    self.options = options
    self.examples = examples
    self.writesFile = writesFile
    self.takesEachAlone = takesEachAlone
    self.strayText = strayText
  }
}

/// An argument that is known by its place.
package struct PositionalSpec: Equatable, Sendable {
  /// How often the argument occurs.
  package enum Occurrence: Equatable, Sendable {
    case required
    case optional
    /// Any number of times, also none; only as the last positional.
    case rest
  }

  /// The word in help and messages, in capitals.
  package let name: String
  package let summary: String
  package let occurrence: Occurrence
  /// The only values that are accepted; empty if any is.
  package let choices: [String]

  /// An argument that has to be there.
  package static func required(
    _ name: String, _ summary: String, choices: [String] = []
  ) -> PositionalSpec {
    PositionalSpec(name: name, summary: summary, occurrence: .required, choices: choices)
  }

  /// An argument that may be left out.
  package static func optional(_ name: String, _ summary: String) -> PositionalSpec {
    PositionalSpec(name: name, summary: summary, occurrence: .optional, choices: [])
  }

  /// All the arguments that are left.
  package static func rest(_ name: String, _ summary: String) -> PositionalSpec {
    PositionalSpec(name: name, summary: summary, occurrence: .rest, choices: [])
  }

  /// The argument in a synopsis: `MODEL`, `[MODEL]` or `[ID…]`.
  var synopsis: String {
    switch occurrence {
    case .required: name
    case .optional: "[\(name)]"
    case .rest: "[\(name)…]"
    }
  }
}
