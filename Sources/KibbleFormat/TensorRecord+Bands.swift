import TensorCore

// A matrix may be stored in bands of rows, each in a record of its own (formats/kibble-v1.md, section 3).

extension TensorRecord {
  /// What stands in a band's name between the tensor's and its first row.
  private static let mark: Character = "@"

  /// The name of the band of a tensor that begins with that row.
  public static func bandName(_ tensor: String, firstRow: Int) -> String {
    "\(tensor)\(mark)\(firstRow)"
  }

  /// Whether it is a band of a tensor.
  package var isBand: Bool { name.contains(Self.mark) }

  /// The name of the tensor that it is, or that it is a band of.
  package var tensorName: String { String(name.prefix { $0 != Self.mark }) }

  /// The row of its tensor that a band begins with; nil where the name says none.
  package var firstRow: Int? {
    guard let row = Int(name.dropFirst(tensorName.count + 1)), row >= 0,
      name == Self.bandName(tensorName, firstRow: row)
    else { return nil }
    return row
  }

  /// Whether it has the rows of the same tensor that follow a band's.
  func isBand(after other: TensorRecord) -> Bool {
    guard isBand, other.isBand, tensorName == other.tensorName, shape.count == 2,
      other.shape.count == 2, shape[1] == other.shape[1],
      geometry.arrangement == other.geometry.arrangement,
      other.shape[0] % TensorGeometry.tileRows == 0, let firstRow, let before = other.firstRow
    else { return false }
    return firstRow == before + other.shape[0]
  }

  /// Some of its rows as a tensor of their own.
  ///
  /// - Precondition: they begin with a tile, and end with one or with the last row.
  package func part(rows: Range<Int>) -> TensorRecord {
    let padded = rows.count.roundedUp(to: TensorGeometry.tileRows)
    let stored = geometry.arrangement == .tiles ? padded : rows.count
    return TensorRecord(
      name: name, shape: [rows.count, geometry.columns], geometry: geometry.with(rows: rows.count),
      exponent: exponent,
      planes: zip(planes, geometry.rowBytes).map {
        let start = $0.lowerBound + rows.lowerBound * $1
        return start..<start + stored * $1
      }, crc32: 0)
  }
}
