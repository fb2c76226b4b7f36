import Diagnostics

/// The manual page of the whole tool, in the macros of man(7).
///
/// It has no date, so that the page of a version is always the same, and is ASCII, which every roff
/// reads.
struct ManPageRenderer: Sendable {
  let version: String
  let summary: String
  /// Paragraphs on what the commands have in common.
  let description: [String]
  let sections: [HelpRenderer.Section]

  var page: String {
    let commands = sections.flatMap(\.commands)
    var lines = [
      ".\\\" Made by 'kibble man'.", ".TH KIBBLE 1 \"\" \"kibble \(roff(version))\"",
      // Nothing that is typed is broken in two or filled up with spaces.
      ".nh", ".ad l",
    ]
    lines += [
      ".SH NAME", "kibble \\- " + roff(summary.hasSuffix(".") ? summary.dropLast() : summary[...]),
    ]
    lines += [".SH SYNOPSIS", "\\fBkibble\\fR \\fICOMMAND\\fR " + roff("[ARGUMENT…] [OPTION…]")]
    lines += [".SH DESCRIPTION"] + description.flatMap(paragraph) + overview
    lines += [".SH COMMANDS"] + commands.flatMap(command)
    lines += [".SH OPTIONS", "Every command takes these."] + OptionSpec.global.flatMap(entry)
    lines += [".SH \"EXIT STATUS\""] + HelpRenderer.exitCodes.flatMap(entry)
    lines += [".SH ENVIRONMENT"] + Terminal.variables.flatMap(entry)
    lines += [".SH EXAMPLES"] + commands.flatMap(\.examples).flatMap(example)
    return lines.joined(separator: "\n") + "\n"
  }

  private var overview: [String] {
    sections.flatMap { section in
      [".TP", roff(section.title), roff(section.commands.map(\.name).joined(separator: ", "))]
    }
  }

  private func command(_ command: CommandSpec) -> [String] {
    let name = "kibble \(roff(command.name))"
    var lines = [".SS \(name)", roff(command.summary) + "."]
    for (index, form) in command.synopses.enumerated() {
      lines += [index == 0 ? ".PP" : ".br", "\\fB\(name)\\fR \(roff(form))"]
    }
    lines += command.discussion.flatMap(paragraph)
    for positional in command.positionals {
      lines += entry(("\\fI\(roff(positional.name))\\fR", positional.explanation))
    }
    return lines + command.options.flatMap(entry)
  }

  private func entry(_ option: OptionSpec) -> [String] {
    let spellings = option.spellings.map { "\\fB\(roff($0))\\fR" }.joined(separator: ", ")
    let value = option.placeholder.map { " \\fI\(roff($0))\\fR" } ?? ""
    return entry((spellings + value, option.explanation))
  }

  /// A term, which is roff already, and what it means.
  private func entry(_ entry: (term: String, text: String)) -> [String] {
    [".TP", entry.term, prose(entry.text)]
  }

  private func example(_ example: CommandSpec.Example) -> [String] {
    [".PP", prose(example.summary) + ":", ".PP", ".RS 4", ".nf"]
      + [roff("kibble " + example.arguments), ".fi", ".RE"]
  }

  private func paragraph(_ text: String) -> [String] { [".PP", prose(text)] }

  /// A text whose parts between backquotes are bold.
  private func prose(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    guard !parts.count.isMultiple(of: 2) else { return roff(text) }
    return parts.enumerated().map { place, part in
      place.isMultiple(of: 2) ? roff(part) : "\\fB\(roff(part))\\fR"
    }.joined()
  }
}

/// A text in which roff finds no requests and no escapes, and prints each sign as it is.
private func roff(_ text: some StringProtocol) -> String {
  let signs = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\\": "\\(rs"
    case "-": "\\-"
    case "'": "\\(aq"
    case "\"": "\\(dq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    case "…": "..."
    case _ where scalar.isASCII: String(scalar)
    default: "\\[u\(hexadecimal(scalar.value, digits: 4).uppercased())]"
    }
  }
  return (text.hasPrefix(".") ? "\\&" : "") + signs.joined()
}
