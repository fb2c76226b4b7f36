import ToolSupport

/// What a terminal shows of the few sequences that lines are drawn with; rows that have left its top
/// are kept, and cannot be reached.
struct TestScreen {
  let columns: Int
  let height: Int
  /// A character for each column; behind a wide one stands an empty one.
  private var rows: [[String]] = [[]]
  private(set) var row = 0
  private(set) var column = 0
  /// The first row that is not above the window.
  private var top = 0
  /// How many characters did not fit into their row.
  private(set) var exceededColumns = 0

  init(columns: Int, height: Int) {
    self.columns = columns
    self.height = height
  }

  var lines: [String] { rows.map { $0.joined() } }

  mutating func show(_ text: String) {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\r": column = 0
      case "\n": lineFeed()
      case "\r\n":
        column = 0
        lineFeed()
      case "\u{7}": break
      case "\u{1B}":
        rest.removeFirst()
        let digits = rest.prefix { $0.isNumber }
        rest = rest.dropFirst(digits.count)
        if let final = rest.popFirst() { obey(final, Int(digits)) }
      default: put(character)
      }
    }
  }

  private mutating func lineFeed() {
    row += 1
    while rows.count <= row { rows.append([]) }
    top = max(top, row - height + 1)
  }

  private mutating func obey(_ final: Character, _ number: Int?) {
    switch final {
    case "A": row = max(top, row - (number ?? 1))
    case "B": row = min(rows.count - 1, row + (number ?? 1))
    case "C": column = min(columns - 1, column + (number ?? 1))
    case "H": (row, column) = (top, 0)
    case "J" where number == 2:
      rows.removeSubrange(top...)
      while rows.count <= row { rows.append([]) }
    case "K": rows[row] = Array(rows[row].prefix(column))
    case "J":
      rows.removeSubrange((row + 1)...)
      rows[row] = Array(rows[row].prefix(column))
    default: exceededColumns += 1000
    }
  }

  private mutating func put(_ character: Character) {
    let width = displayWidth(String(character))
    guard width > 0 else {
      if column > 0 { rows[row][column - 1].append(character) }
      return
    }
    if column + width > columns - 1 { exceededColumns += 1 }
    while rows[row].count < column + width { rows[row].append(" ") }
    rows[row][column] = String(character)
    if width == 2 { rows[row][column + 1] = "" }
    column += width
  }

  /// The same in a window of other columns, whose terminal breaks long rows.
  func reflowed(columns: Int) -> TestScreen {
    var other = TestScreen(columns: columns, height: height)
    other.rows = []
    for (index, cells) in rows.enumerated() {
      if index == row { other.row = other.rows.count + column / columns }
      for start in stride(from: 0, to: max(1, cells.count), by: columns) {
        other.rows.append(Array(cells[start..<min(start + columns, cells.count)]))
      }
    }
    other.column = column % columns
    return other
  }
}
