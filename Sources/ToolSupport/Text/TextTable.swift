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

  /// The heading, a rule and the rows: a line each, without trailing spaces.
  package var text: String {
    let headings = columns.map(\.heading)
    let widths = columns.indices.map { column in
      ([headings] + rows).reduce(0) { max($0, displayWidth(cell($1, column))) }
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([headings, rule] + rows).map { line(of: $0, widths) + "\n" }.joined()
  }

  private func line(of cells: [String], _ widths: [Int]) -> String {
    var line = ""
    var pending = 0
    for column in columns.indices {
      let cell = cell(cells, column)
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
