extension ModelCard {
  /// The first BibTeX entry in a card, with its lines as they stand; nil where there is none.
  ///
  /// It begins at the start of a line and ends where its braces do.
  package static func citation(in text: String) -> String? {
    var entry: [Substring] = []
    var depth = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if entry.isEmpty {
        let start = line.drop(while: \.isWhitespace)
        let kind = start.dropFirst().prefix { $0.isASCII && $0.isLetter }
        guard start.first == "@", !kind.isEmpty,
          start[kind.endIndex...].drop(while: \.isWhitespace).first == "{"
        else { continue }
      }
      entry.append(line)
      depth += line.reduce(0) { $0 + ($1 == "{" ? 1 : $1 == "}" ? -1 : 0) }
      if depth <= 0 { return entry.joined(separator: "\n") }
    }
    return nil
  }
}
