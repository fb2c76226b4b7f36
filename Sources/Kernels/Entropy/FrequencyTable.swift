/// How often each symbol of a context comes, in parts of 2^12.
package struct FrequencyTable: Equatable, Sendable {
  /// The sum of all frequencies.
  package static let total = 1 << 12

  /// The least symbol, from -128 to 127.
  package let lowest: Int
  /// The frequencies of the symbols from the least on; their sum is `total`.
  package let frequencies: [UInt16]

  /// A table; nil where the frequencies have another sum, or symbols leave the range of a byte.
  package init?(lowest: Int, frequencies: [UInt16]) {
    guard !frequencies.isEmpty, lowest >= -128, lowest + frequencies.count <= 128,
      frequencies.reduce(0, { $0 + Int($1) }) == Self.total
    else { return nil }
    self.lowest = lowest
    self.frequencies = frequencies
  }

  /// The table that codes symbols in about the fewest bits.
  ///
  /// - Parameter counts: how often each symbol comes, from -128 on: 256 of them.
  package init(counts: [Int]) {
    let sum = counts.reduce(0, +)
    guard let first = counts.firstIndex(where: { $0 > 0 }),
      let last = counts.lastIndex(where: { $0 > 0 })
    else {
      (lowest, frequencies) = (0, [UInt16(Self.total)])
      return
    }
    // What comes at all needs a slot; the rest goes by share, and what rounding leaves over to the
    // most frequent symbol, or off the largest ones.
    var parts = counts[first...last].map { count in
      count == 0 ? 0 : max(1, (count * Self.total + sum / 2) / sum)
    }
    var left = Self.total - parts.reduce(0, +)
    while left != 0 {
      let largest = parts.indices.reduce(0) { parts[$1] > parts[$0] ? $1 : $0 }
      let change = left > 0 ? left : max(left, -max(1, parts[largest] / 64))
      parts[largest] += change
      left -= change
    }
    lowest = first - 128
    frequencies = parts.map { UInt16($0) }
  }
}
