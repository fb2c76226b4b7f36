/// Which inputs matter to which rows, and how much.
final class EntryTable {
  struct Entry {
    let input: UInt32
    let weight: Float
  }

  private static let partSize = 1 << 16
  /// How many rows there are.
  let rows: Int
  /// What was appended, in parts, since one array would need the memory of two to grow.
  private var parts: [[(row: UInt32, entry: Entry)]] = []
  private var sorted: [Entry] = []
  /// Where each row's entries begin; one more at the end.
  private var starts: [Int] = []

  init(rows: Int) { self.rows = rows }

  func append(row: Int, input: Int, weight: Float) {
    if parts.last?.count ?? Self.partSize == Self.partSize {
      parts.append([])
      parts[parts.count - 1].reserveCapacity(Self.partSize)
    }
    parts[parts.count - 1].append(
      (UInt32(row), Entry(input: UInt32(input), weight: weight)))
  }

  /// Orders what was appended by rows, and in a row as it came.
  func sort() {
    guard starts.isEmpty else { return }
    starts = Array(repeating: 0, count: rows + 1)
    for (row, _) in parts.joined() { starts[Int(row) + 1] += 1 }
    for row in 0..<rows { starts[row + 1] += starts[row] }
    var next = starts
    sorted = Array(repeating: Entry(input: 0, weight: 0), count: starts[rows])
    for (row, entry) in parts.joined() {
      sorted[next[Int(row)]] = entry
      next[Int(row)] += 1
    }
    parts = []
  }

  /// The entries of a row.
  subscript(row: Int) -> ArraySlice<Entry> { sorted[starts[row]..<starts[row + 1]] }
}
