import Diagnostics

/// A table of aligned columns for people to read.
///
/// Cells are escaped, so names that come from files can't reach the terminal's controls.
package struct TextTable: Sendable {
  /// A column: its heading and the side that its cells keep to.
  package struct Column: Sendable {
    let heading: String
    let isNumeric: Bool

    /// A column of words, aligned on the left.
    package static func text(_ heading: String) -> Column {
      Column(heading: heading, isNumeric: false)
    }

    /// A column of numbers, aligned on the right.
    package static func number(_ heading: String) -> Column {
      Column(heading: heading, isNumeric: true)
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  package init(_ columns: [Column]) {
    self.columns = columns
  }

  /// Adds a row; cells that are missing stay empty.
  package mutating func append(_ cells: [String]) {
    precondition(cells.count <= columns.count, "more cells than columns")
    rows.append(cells.map(escaped))
  }

  /// Whether it has no rows.
  package var isEmpty: Bool { rows.isEmpty }

  /// The heading, a rule and the rows: a line each, without trailing spaces.
  package var text: String { text(width: .max) }

  /// The same within so many columns of the terminal.
  ///
  /// What is too wide first loses the middle of the cells of its widest column of words; where that is
  /// not enough, each row becomes some lines, one for each of its cells.
  package func text(width: Int) -> String {
    let headings = columns.map(\.heading)
    var widths = columns.indices.map { column in
      ([headings] + rows).reduce(0) { max($0, displayWidth(cell($1, column))) }
    }
    let excess = widths.reduce(0, +) + 2 * (columns.count - 1) - width
    if excess > 0 {
      let words = columns.indices.filter { !columns[$0].isNumeric }
      guard let widest = words.max(by: { widths[$0] < widths[$1] }),
        widths[widest] - excess >= Self.leastElided
      else { return stacked(width: width) }
      widths[widest] -= excess
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([headings, rule] + rows).map { line(of: $0, widths) + "\n" }.joined()
  }

  /// Columns that a cell keeps when its middle is left out.
  private static let leastElided = 16

  /// Each row as lines: its first cell, and below it heading and cell of the others.
  private func stacked(width: Int) -> String {
    rows.map { row in
      let title = elided(cell(row, 0), to: width)
      let lines = columns.indices.dropFirst().filter { !cell(row, $0).isEmpty }.map { column in
        elided("  \(columns[column].heading): \(cell(row, column))", to: width)
      }
      return ([title] + lines).map { $0 + "\n" }.joined()
    }.joined()
  }

  private func line(of cells: [String], _ widths: [Int]) -> String {
    var line = ""
    var pending = 0
    for column in columns.indices {
      let cell = elided(cell(cells, column), to: widths[column])
      let padding = widths[column] - displayWidth(cell)
      let before = columns[column].isNumeric ? padding : 0
      if !cell.isEmpty {
        line += String(repeating: " ", count: pending + before) + cell
        pending = 0
      } else {
        pending += before
      }
      pending += padding - before + 2
    }
    return line
  }

  private func cell(_ cells: [String], _ column: Int) -> String {
    column < cells.count ? cells[column] : ""
  }
}

/// A text within so many columns, its middle left out if need be.
package func elided(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  guard width > 1 else { return width == 1 ? "…" : "" }
  let characters = Array(text)
  // The end tells more than the beginning: of a path the file, of a tensor its kind.
  let (first, last) = ((width - 1) / 2, width - 1 - (width - 1) / 2)
  func fitting(_ part: some Sequence<Character>, _ room: Int) -> [Character] {
    var kept: [Character] = []
    var used = 0
    for character in part {
      used += displayWidth(String(character))
      if used > room { break }
      kept.append(character)
    }
    return kept
  }
  return String(fitting(characters, first)) + "…"
    + String(fitting(characters.reversed(), last).reversed())
}
