/// The help of the tool and of its commands, in lines of 80 columns or fewer: of a command a screen
/// (`HelpRenderer+Screen`), or all of it.
package struct HelpRenderer: Sendable {
  /// Commands that belong together, under a title.
  package struct Section: Sendable {
    let title: String
    let commands: [CommandSpec]
  }

  /// The columns of a line; fewer than 60 have descriptions below their terms.
  var width = 80
  var isNarrow: Bool { width < 60 }
  static let widestTerm = 26

  let summary: String
  let sections: [Section]

  init(summary: String, sections: [Section]) {
    self.summary = summary
    self.sections = sections
  }

  /// The help of the tool: all commands by section, the global options, the exit codes.
  package var overview: String {
    let lists = sections.map { section in
      list(section.title, section.commands.map { ($0.name, $0.summary) }, termWidth: commandWidth)
    }
    let parts =
      [paragraph(summary), "Usage: kibble COMMAND [ARGUMENT…] [OPTION…]\n"]
      + lists
      + [
        options("Options of every command", OptionSpec.global),
        list("Exit codes", Self.exitCodes, termWidth: 5),
        "'kibble help COMMAND' shows a command's arguments, options and examples.\n",
      ]
    return parts.joined(separator: "\n")
  }

  /// Everything that there is to say of one command.
  package func fullText(for command: CommandSpec) -> String {
    var parts = [paragraph("kibble \(command.name): \(command.summary)"), usage(of: command)]
    parts += command.discussion.map(paragraph)
    if !command.positionals.isEmpty {
      let terms = command.positionals.map { ($0.name, $0.explanation) }
      parts.append(list("Arguments", terms, termWidth: Self.widestTerm))
    }
    if !command.options.isEmpty { parts.append(options("Options", command.options)) }
    parts.append(options("Options of every command", OptionSpec.global(for: command)))
    if !command.examples.isEmpty { parts.append(examples(of: command)) }
    return parts.joined(separator: "\n")
  }

  static let exitCodes = [
    ("0", "done"),
    ("1", "a gate failed, or a difference was found"),
    ("64", "the command line can't be understood"),
    ("65", "the input is damaged or doesn't fit together"),
    ("66", "there is no such input"),
    ("69", "this model or processor isn't supported"),
    ("70", "an error in kibble itself"),
    ("73", "the output can't be created"),
    ("74", "reading or writing failed, or the disk is full"),
    ("130", "interrupted (143: terminated, 141: the reader of stdout went away)"),
  ]

  /// All commands, in the order of the help.
  var commands: [CommandSpec] { sections.flatMap(\.commands) }

  private var commandWidth: Int {
    commands.reduce(0) { max($0, $1.name.count) } + 2
  }

  func usage(of command: CommandSpec) -> String {
    var text = ""
    for (index, form) in command.synopses.enumerated() {
      let lead = index == 0 ? "Usage: " : "       "
      let start = lead + "kibble \(command.name) "
      let lines = wrapped(form, width: width - start.count)
      let indent = String(repeating: " ", count: start.count)
      text += start + lines.joined(separator: "\n" + indent) + "\n"
    }
    return text
  }

  private func options(_ title: String, _ options: [OptionSpec]) -> String {
    list(title, terms(options).map { ($0.term, $0.option.explanation) }, termWidth: Self.widestTerm)
  }

  /// Options as they are spelled in a list.
  func terms(_ options: [OptionSpec]) -> [(term: String, option: OptionSpec)] {
    // Long names stand in one column, whether or not they have a letter.
    let hasShort = options.contains { $0.short != nil }
    return options.map { option in
      let short = option.short.map { "-\($0), " } ?? (hasShort ? "    " : "")
      let value = option.placeholder.map { " " + $0 } ?? ""
      return (short + option.spelling + value, option)
    }
  }

  /// Terms with their descriptions in a second column, or below a term that is too long.
  func list(_ title: String, _ entries: [(String, String)], termWidth: Int) -> String {
    let widest = entries.map { displayWidth($0.0) }.filter { $0 + 2 <= termWidth }.max() ?? 0
    let column = isNarrow ? 6 : widest + 4
    let indent = String(repeating: " ", count: column)
    var text = title + ":\n"
    for (term, description) in entries {
      var line = "  " + term
      if displayWidth(line) + 2 <= column {
        line += String(repeating: " ", count: column - displayWidth(line))
      } else {
        line += "\n" + indent
      }
      let lines = wrapped(description, width: width - column)
      text += line + lines.joined(separator: "\n" + indent) + "\n"
    }
    return text
  }

  private func examples(of command: CommandSpec) -> String {
    "Examples:\n"
      + command.examples.map { "  # \($0.summary)\n  kibble \($0.arguments)\n" }
      .joined(separator: "\n")
  }

  func paragraph(_ text: String) -> String {
    wrapped(text, width: width).joined(separator: "\n") + "\n"
  }
}
