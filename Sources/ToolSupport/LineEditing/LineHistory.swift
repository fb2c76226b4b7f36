/// The lines that were said, and which of them is shown.
struct LineHistory: Sendable {
  private var lines: [String] = []
  /// The line that is shown; behind the last one it is that which is being written.
  private var place = 0
  /// What was being written when an earlier line was asked for.
  private var draft = ""

  /// Takes a line in, unless it is empty or the one before.
  mutating func add(_ line: String) {
    if !line.isEmpty, line != lines.last { lines.append(line) }
  }

  /// Goes to the line that is being written.
  mutating func leave() {
    place = lines.count
    draft = ""
  }

  /// The line before the one that is shown; nil where there is none.
  mutating func previous(from text: String) -> String? {
    guard place > 0 else { return nil }
    if place == lines.count { draft = text }
    place -= 1
    return lines[place]
  }

  /// The line behind the one that is shown; nil where there is none.
  mutating func next(from text: String) -> String? {
    guard place < lines.count else { return nil }
    place += 1
    return place == lines.count ? draft : lines[place]
  }
}
