import Kernels
import Quantization
import TensorCore

/// Finds the bands of one matrix that are worth their bytes.
///
/// Rows are sorted by what their errors cost, so that those are neighbours that want as many bits. What
/// a byte is worth decides between a type of more bits and one of fewer. For such a price the cheapest
/// types of all tiles, one after the other, are found by dynamic programming, where each change of
/// type costs the bytes of a record; many prices give the corners of the lower convex hull of all
/// bandings.
package struct BandSearch {
  /// What a band takes beside its planes: its record, name and rule, and the padding of two planes.
  private static let bandBytes = 300.0
  /// Prices that are tried.
  private static let prices = 64

  /// Quantized geometries of the whole matrix.
  private let geometries: [TensorGeometry]
  /// The rows, those whose errors cost most first.
  private let rows: [Int]
  /// What each tile costs in each geometry, in nats.
  private let costs: [[Double]]  // [tiles][geometries]
  private let bytes: [[Int]]  // [tiles][geometries]

  /// - Parameters:
  ///   - geometries: the ways to store the matrix; floats are passed over.
  ///   - rowCosts: what each row costs in each, `[geometries][rows]`.
  package init(_ geometries: [TensorGeometry], rowCosts: [[Double]]) {
    let quantized = geometries.indices.filter { geometries[$0].type.isQuantized }
    self.geometries = quantized.map { geometries[$0] }
    let sums = (rowCosts.first ?? []).indices.map { row in
      quantized.reduce(0) { $0 + rowCosts[$1][row].squareRoot() }
    }
    let rows = sums.indices.sorted { sums[$0] != sums[$1] ? sums[$0] > sums[$1] : $0 < $1 }
    let tiles = stride(from: 0, to: rows.count, by: TensorGeometry.tileRows).map {
      rows[$0..<min($0 + TensorGeometry.tileRows, rows.count)]
    }
    self.rows = rows
    costs = tiles.map { rows in
      quantized.map { index in rows.reduce(0) { $0 + rowCosts[index][$1] } }
    }
    bytes = tiles.map { rows in
      quantized.map { geometries[$0].with(rows: rows.count).totalBytes }
    }
  }

  /// Bandings of two bands and more, none of them twice.
  package func candidates() -> [StorageCandidate] {
    guard costs.count > 1, let range = priceRange else { return [] }
    var found: [StorageCandidate] = []
    for step in 0..<Self.prices {
      let part = Double(step) / Double(Self.prices - 1)
      let price =
        range.lowerBound * deterministicPow(range.upperBound / range.lowerBound, part)
      let candidate = banding(choices(price))
      if candidate.bands.count > 1, candidate != found.last { found.append(candidate) }
    }
    return found
  }

  /// From the price at which no tile's bytes are worth saving to that at which all are.
  private var priceRange: ClosedRange<Double>? {
    var prices: [Double] = []
    for (costs, bytes) in zip(costs, bytes) {
      let most = bytes.indices.reduce(0) { bytes[$1] > bytes[$0] ? $1 : $0 }
      let fewest = bytes.indices.reduce(0) { bytes[$1] < bytes[$0] ? $1 : $0 }
      for index in bytes.indices {
        for (small, large) in [(index, most), (fewest, index)] where bytes[small] < bytes[large] {
          let price = (costs[small] - costs[large]) / Double(bytes[large] - bytes[small])
          if price > 0, price.isFinite { prices.append(price) }
        }
      }
    }
    guard let least = prices.min(), let highest = prices.max() else { return nil }
    return least...highest
  }

  /// The cheapest geometry of each tile, bytes and changes counted at a price.
  private func choices(_ price: Double) -> [Int] {
    var totals = [Double](repeating: 0, count: geometries.count)
    var origins: [[Int]] = []
    for (costs, bytes) in zip(costs, bytes) {
      let best = totals.indices.reduce(0) { totals[$1] < totals[$0] ? $1 : $0 }
      let changed = totals[best] + price * Self.bandBytes
      var origin = Array(totals.indices)
      for index in totals.indices {
        if changed < totals[index] { (totals[index], origin[index]) = (changed, best) }
        totals[index] += costs[index] + price * Double(bytes[index])
      }
      origins.append(origin)
    }
    var choice = totals.indices.reduce(0) { totals[$1] < totals[$0] ? $1 : $0 }
    var choices: [Int] = []
    for origin in origins.reversed() {
      choices.append(choice)
      choice = origin[choice]
    }
    return choices.reversed()
  }

  private func banding(_ choices: [Int]) -> StorageCandidate {
    // The last tile, which may have fewer rows, is in the last band.
    var types: [Int] = []
    for choice in choices.reversed() where !types.contains(choice) { types.insert(choice, at: 0) }
    var bandOfRow = [UInt8](repeating: 0, count: rows.count)
    var bands: [RowBand] = []
    var firstRow = 0
    for (number, choice) in types.enumerated() {
      bands.append(
        RowBand(
          firstRow: firstRow, type: geometries[choice].type,
          groupSize: geometries[choice].groupSize))
      for tile in choices.indices where choices[tile] == choice {
        let first = tile * TensorGeometry.tileRows
        for row in rows[first..<min(first + TensorGeometry.tileRows, rows.count)] {
          bandOfRow[row] = UInt8(number)
          firstRow += 1
        }
      }
    }
    return StorageCandidate(
      bands: bands, order: RowOrder(bands: bandOfRow),
      bytes: zip(bytes, choices).reduce(0) { $0 + $1.0[$1.1] },
      cost: zip(costs, choices).reduce(0) { $0 + $1.0[$1.1] })
  }
}
