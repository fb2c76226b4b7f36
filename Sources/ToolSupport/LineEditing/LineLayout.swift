import Diagnostics

/// How a line that is edited stands on the rows of a terminal.
///
/// A row ends before the last column, where some terminals would begin another one by themselves.
/// Line feeds begin a row, and control characters are spelled out.
package struct LineLayout: Equatable, Sendable {
  package private(set) var rows: [String]
  /// The columns that each row takes.
  package private(set) var widths: [Int]
  package private(set) var cursorRow = 0
  package private(set) var cursorColumn = 0

  /// Lays a line out.
  ///
  /// - Parameters:
  ///   - prompt: what stands before it; later rows begin with as many blanks.
  ///   - characters: the line.
  ///   - cursor: the characters before the cursor.
  ///   - columns: those of the terminal.
  package init(prompt: String, _ characters: [Character], cursor: Int, columns: Int) {
    rows = [prompt]
    widths = [displayWidth(prompt)]
    // In a narrow window each column is needed.
    let indent = columns >= 20 ? displayWidth(prompt) : 0
    // A wide character has to find room.
    let room = max(columns - 1, indent + 2)
    for (index, character) in characters.enumerated() {
      let breaks = character == "\n"
      if !breaks { makeRoom(for: Self.shown(character), indent, room) }
      if index == cursor { noteCursor() }
      if breaks {
        beginRow(indent)
      } else {
        for piece in Self.shown(character) { append(piece, indent, room) }
      }
    }
    if cursor >= characters.count { noteCursor() }
  }

  private var lastWidth: Int { widths[widths.count - 1] }

  private mutating func noteCursor() { (cursorRow, cursorColumn) = (rows.count - 1, lastWidth) }

  private mutating func beginRow(_ indent: Int) {
    rows.append(String(repeating: " ", count: indent))
    widths.append(indent)
  }

  private mutating func makeRoom(for text: String, _ indent: Int, _ room: Int) {
    if let first = text.first, lastWidth + displayWidth(String(first)) > room { beginRow(indent) }
  }

  private mutating func append(_ piece: Character, _ indent: Int, _ room: Int) {
    makeRoom(for: String(piece), indent, room)
    rows[rows.count - 1].append(piece)
    widths[widths.count - 1] += displayWidth(String(piece))
  }

  /// What stands for a character: itself, unless a terminal would obey it.
  private static func shown(_ character: Character) -> String {
    character == "\t" ? "    " : escaped(String(character))
  }
}
