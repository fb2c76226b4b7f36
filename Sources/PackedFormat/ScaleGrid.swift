/// Scales that are powers of 2^(1/8), told apart by their places in the row of these.
///
/// Place 8 (e + 14) + j is the binary16 nearest to 2^e · 2^(j/8), for e from -14 to 15.
package struct ScaleGrid: Equatable, Sendable {
  /// The significands of 2^(j/8), in 1024ths beyond 1.
  static let significands: [UInt16] = [0, 93, 194, 304, 424, 555, 698, 854]

  /// The binary16 at a place; nil outside of 0 to 239.
  static func half(at place: Int) -> UInt16? {
    guard (0..<240).contains(place) else { return nil }
    return UInt16(place / 8 + 1) << 10 | significands[place % 8]
  }

  /// The binary16 at a place, or at the nearest that there is.
  package static func nearest(to place: Int) -> UInt16 {
    half(at: min(max(place, 0), 239)) ?? 0
  }

  /// The place of a binary16; nil for what is not on the grid.
  static func place(of half: UInt16) -> Int? {
    let exponent = Int(half >> 10)
    guard (1...30).contains(exponent), let part = significands.firstIndex(of: half & 1023) else {
      return nil
    }
    return 8 * (exponent - 1) + part
  }

  /// A row's part of the places of its scales, `scaleBias` above it.
  var rows: [UInt8]
  /// A group's part.
  var groups: [UInt8]
  /// By how much a scale stands above the sum of its parts, `[rows, groups]`.
  var excess: [UInt8]

  init(rows: [UInt8], groups: [UInt8], excess: [UInt8]) {
    (self.rows, self.groups, self.excess) = (rows, groups, excess)
  }

  /// The parts of scales, `[rows, groups]`; nil where they are not on the grid or too far apart.
  init?(_ halves: [UInt16], groups count: Int) {
    var places: [Int] = []
    places.reserveCapacity(halves.count)
    for half in halves {
      guard let place = Self.place(of: half) else { return nil }
      places.append(place)
    }
    let rowStarts = stride(from: 0, to: places.count, by: count)
    // Most rows agree on how far a group stands from the first.
    let usual = (0..<count).map { group in
      var counts = [Int](repeating: 0, count: 479)
      for start in rowStarts { counts[places[start + group] - places[start] + 239] += 1 }
      return counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 } - 239
    }
    let least = usual.min() ?? 0
    let above = rowStarts.map { start in
      (0..<count).map { places[start + $0] - usual[$0] + least }
    }
    let own = above.map { $0.min() ?? 0 }
    // A row's part comes to half of the places: for more than that, the groups' parts are larger.
    let shift = max(0, (own.max() ?? 0) + PackedFormat.scaleBias - Int(UInt8.max))
    rows = own.compactMap { UInt8(exactly: $0 - shift + PackedFormat.scaleBias) }
    groups = usual.compactMap { UInt8(exactly: $0 - least + shift) }
    excess = zip(above, own).flatMap { above, own in
      above.compactMap { UInt8(exactly: $0 - own) }
    }
    guard rows.count == own.count, groups.count == count, excess.count == places.count else {
      return nil
    }
  }

  /// The scales, `[rows, groups]`; nil where one leaves the grid.
  var halves: [UInt16]? {
    var halves: [UInt16] = []
    halves.reserveCapacity(excess.count)
    for (row, own) in rows.enumerated() {
      for (group, shared) in groups.enumerated() {
        let place =
          Int(own) - PackedFormat.scaleBias + Int(shared) + Int(excess[row * groups.count + group])
        guard let half = Self.half(at: place) else { return nil }
        halves.append(half)
      }
    }
    return halves
  }
}
