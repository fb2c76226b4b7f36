/// Draws a line that is edited over what it drew before; what it returns is for a terminal.
package struct LineRenderer: Sendable {
  private let prompt: String
  /// What stands on the screen; nil before the first drawing.
  private var shown: Shown?

  private struct Shown: Sendable {
    /// The columns that each row takes.
    let widths: [Int]
    let cursorRow: Int
    let cursorColumn: Int
    /// The first of the line's rows that is on the screen.
    let firstRow: Int
  }

  package init(prompt: String) { self.prompt = prompt }

  /// The line as it is now, in a window of that size.
  package mutating func drawing(_ editor: LineEditor, columns: Int, rows height: Int) -> String {
    let layout = LineLayout(
      prompt: prompt, editor.characters, cursor: editor.cursor, columns: columns)
    // Of a line with more rows than the window those around the cursor are shown.
    let height = max(height, 1)
    let first = min(
      max(shown?.firstRow ?? 0, layout.cursorRow - height + 1), layout.cursorRow,
      max(0, layout.rows.count - height))
    let range = first..<min(layout.rows.count, first + height)
    var text = replacing(with: layout.rows[range], columns: columns)
    // At the end the cursor is right even where the terminal has another opinion of a width.
    if editor.cursor < editor.characters.count {
      text += Self.up(range.upperBound - 1 - layout.cursorRow) + "\r"
      if layout.cursorColumn > 0 { text += "\u{1B}[\(layout.cursorColumn)C" }
    }
    shown = Shown(
      widths: Array(layout.widths[range]), cursorRow: layout.cursorRow - first,
      cursorColumn: layout.cursorColumn, firstRow: first)
    return text
  }

  /// The line as a whole, and a new row below it.
  package mutating func finishing(_ line: String, columns: Int) -> String {
    let characters = Array(line)
    let layout = LineLayout(
      prompt: prompt, characters, cursor: characters.count, columns: columns)
    defer { shown = nil }
    return replacing(with: layout.rows[...], columns: columns) + "\r\n"
  }

  /// A new row below the line as it stands; the mark says why it is left.
  package mutating func leaving(mark: String = "") -> String {
    defer { shown = nil }
    let rows = shown.map { $0.widths.count - 1 - $0.cursorRow } ?? 0
    // The end of the last row, whose columns the mark may exceed.
    let down = rows > 0 ? "\u{1B}[\(rows)B" : ""
    let right = shown?.widths.last.map { "\r" + ($0 > 0 ? "\u{1B}[\($0)C" : "") } ?? ""
    return down + right + mark + "\r\n"
  }

  /// An empty screen.
  package mutating func clearing() -> String {
    shown = nil
    return "\u{1B}[H\u{1B}[2J"
  }

  /// Rows in the place of those on the screen, over which they are written: terminals that keep what
  /// is cleared would keep it again and again.
  private func replacing(with rows: ArraySlice<String>, columns: Int) -> String {
    start(columns: columns) + rows.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[J"
  }

  /// Goes to where the drawing begins.
  private func start(columns: Int) -> String {
    guard let shown else { return "\r" }
    // Terminals break rows that are too long for a window that has become narrower.
    let columns = max(columns, 1)
    let above = shown.widths[..<shown.cursorRow].reduce(0) {
      $0 + max(1, ($1 + columns - 1) / columns)
    }
    return Self.up(above + shown.cursorColumn / columns) + "\r"
  }

  private static func up(_ rows: Int) -> String { rows > 0 ? "\u{1B}[\(rows)A" : "" }
}
