extension HelpRenderer {
  /// The help of one command on one screen: what it takes, a line for each option, and two examples.
  package func text(for command: CommandSpec) -> String {
    var parts = [paragraph("kibble \(command.name): \(command.summary)"), usage(of: command)]
    if !command.positionals.isEmpty {
      let terms = command.positionals.map { (term: $0.name, text: $0.explanation) }
      parts.append(lines("Arguments", terms))
    }
    if !command.options.isEmpty {
      // Below its term an option has two lines.
      let room = isNarrow ? 2 * (width - 8) : width - column(of: command)
      let terms = terms(command.options).map { term, option in
        (term: term, text: option.shortExplanation(width: room))
      }
      parts.append(lines("Options", terms, column: column(of: command)))
    }
    if !command.examples.isEmpty {
      // A screen has about fifty lines.
      let count = command.options.count > 25 ? 1 : 2
      parts.append(
        "Examples:\n"
          + command.examples.prefix(count).map { "  kibble \($0.arguments)\n" }.joined())
    }
    parts.append(paragraph(common(to: command)))
    return parts.joined(separator: "\n")
  }

  /// What is not said here: the options of all commands, and where the rest is.
  private func common(to command: CommandSpec) -> String {
    let shared = OptionSpec.global(for: command).map(\.synopsis).joined(separator: ", ")
    return "Every command takes \(shared): 'kibble help' has them. "
      + "'kibble help \(command.name) --all' explains everything."
  }

  /// Where the descriptions of a command's options begin.
  private func column(of command: CommandSpec) -> Int {
    let widths = terms(command.options).map { displayWidth($0.term) }
    return (widths.filter { $0 <= Self.widestTerm }.max() ?? 0) + 4
  }

  /// A line for each term.
  private func lines(
    _ title: String, _ entries: [(term: String, text: String)], column: Int? = nil
  ) -> String {
    if isNarrow { return list(title, entries.map { ($0.term, $0.text) }, termWidth: 0) }
    let column = column ?? (entries.map { displayWidth($0.term) }.max() ?? 0) + 4
    return title + ":\n"
      + entries.map { term, text in
        let start = "  " + term
        let gap = String(repeating: " ", count: max(2, column - displayWidth(start)))
        return start + gap + shortened(text, width: width - displayWidth(start + gap)) + "\n"
      }.joined()
  }
}

extension OptionSpec {
  /// What the option does, as far as a line has room: its choices, and its default.
  fileprivate func shortExplanation(width: Int) -> String {
    let end = defaultValue.map { " (default: \($0))" } ?? ""
    var text = shortened(summary, width: width - (choices.isEmpty ? displayWidth(end) : 0))
    guard !choices.isEmpty else { return displayWidth(text + end) <= width ? text + end : text }
    // Names of types come before the last words of a sentence.
    if displayWidth(text + ": " + choices.joined(separator: ", ")) > width {
      text = shortened(summary, width: width * 2 / 3, separators: [", ", "; ", ": ", " ("])
    }
    for count in (1...choices.count).reversed() {
      let list =
        choices.prefix(count).joined(separator: ", ") + (count < choices.count ? ", …" : "")
      for tail in [end, ""] where displayWidth(text + ": " + list + tail) <= width {
        return text + ": " + list + tail
      }
    }
    return text
  }
}

/// A text that fits, up to where a part of its sentence ends in the second half of the line, or else
/// a word.
private func shortened(_ text: String, width: Int, separators: [String] = [", ", "; ", " ("])
  -> String
{
  guard displayWidth(text) > width else { return text }
  var (end, word) = (text.startIndex, text.startIndex)
  var depth = 0
  for index in text.indices {
    let column = displayWidth(String(text[..<index]))
    guard column <= width else { break }
    let rest = text[index...]
    if depth == 0, 2 * column > width, separators.contains(where: rest.hasPrefix) { end = index }
    if rest.hasPrefix(" "), column < width { word = index }
    depth += rest.hasPrefix("(") ? 1 : rest.hasPrefix(")") ? -1 : 0
  }
  return end > text.startIndex ? String(text[..<end]) : text[..<word] + "…"
}
