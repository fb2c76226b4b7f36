/// The order in which the rows of a matrix are stored that is in bands: band by band, and in each band
/// as they follow each other in the matrix (formats/kibble-v1.md, section 3).
public struct RowOrder: Equatable, Sendable {
  /// The most bands of a matrix whose rows have an order.
  public static let mostBands = 256

  /// The number of the band that has each row of the matrix.
  public let bands: [UInt8]
  /// The row of the matrix that is stored at each place.
  public let rows: [UInt32]
  /// The place of each row of the matrix: `places[rows[i]]` is `i`.
  public let places: [UInt32]
  /// How many rows each band has.
  public let counts: [Int]

  /// The order of rows that lie in those bands.
  public init(bands: [UInt8]) {
    var counts = [Int](repeating: 0, count: (bands.max().map(Int.init) ?? -1) + 1)
    for band in bands { counts[Int(band)] += 1 }
    var next: [Int] = []
    for count in counts { next.append((next.last ?? 0) + count) }
    for (band, count) in counts.enumerated() { next[band] -= count }
    var rows = [UInt32](repeating: 0, count: bands.count)
    var places = rows
    for (row, band) in bands.enumerated() {
      let place = next[Int(band)]
      next[Int(band)] += 1
      rows[place] = UInt32(row)
      places[row] = UInt32(place)
    }
    self.bands = bands
    self.rows = rows
    self.places = places
    self.counts = counts
  }
}
