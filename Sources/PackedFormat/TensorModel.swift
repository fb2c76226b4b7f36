import Kernels
import TensorCore

/// A quantized tensor, and how its codes are distributed.
struct TensorModel: Sendable {
  let geometry: TensorGeometry
  let sizes: CodeSizes?
  let scales: TensorParts.Scales
  /// What all codes of a column are multiples of; nil where that is 1 in all columns.
  let multipliers: [UInt8]?
  /// How often each code comes, from -128 on, by its size; one entry where codes have no sizes.
  private(set) var counts: [Int: [Int]] = [:]
  private let matrix: StoredBand

  init(_ matrix: StoredBand) {
    self.matrix = matrix
    geometry = matrix.geometry
    scales = Self.scales(of: matrix)
    // Fewer bits leave little to tell apart: their codes fill the range of the type.
    guard geometry.type.codeType == .int8 else {
      (sizes, multipliers) = (nil, nil)
      counts[0] = histogram()
      return
    }
    let divisors = Self.divisors(of: matrix)
    multipliers = divisors.contains { $0 != 1 } ? divisors : nil
    if case .grid(let grid) = scales {
      sizes = Self.sizes(of: matrix, divisors, grid)
    } else {
      sizes = Self.sizes(of: matrix, divisors, nil)
    }
    counts = histograms()
  }

  private static func scales(of matrix: StoredBand) -> TensorParts.Scales {
    let geometry = matrix.geometry
    let places = (0..<geometry.rows).flatMap { row in
      (0..<geometry.groupsPerRow).map { (row: row, group: $0) }
    }
    guard !geometry.type.hasShortScales else {
      return .bytes(
        places.map { UInt8(bitPattern: Int8(matrix.scale(row: $0.row, group: $0.group))) })
    }
    let halves = places.map { matrix.half(row: $0.row, group: $0.group) }
    return ScaleGrid(halves, groups: geometry.groupsPerRow).map { .grid($0) } ?? .halves(halves)
  }

  private static func divisors(of matrix: StoredBand) -> [UInt8] {
    let geometry = matrix.geometry
    var divisors = [Int](repeating: 0, count: geometry.columns)
    var codes = [Int8](repeating: 0, count: geometry.columns)
    for row in 0..<geometry.rows {
      matrix.codes(ofRow: row, into: &codes)
      for (column, code) in codes.enumerated() where divisors[column] != 1 && code != 0 {
        divisors[column] = greatestCommonDivisor(divisors[column], abs(Int(code)))
      }
    }
    return divisors.map { UInt8(max(1, $0)) }
  }

  /// Sizes by rows and columns, from the means of magnitudes.
  private static func sizes(
    of matrix: StoredBand, _ divisors: [UInt8], _ grid: ScaleGrid?
  ) -> CodeSizes {
    let geometry = matrix.geometry
    var codes = [Int8](repeating: 0, count: geometry.columns)
    var magnitudes = [Double](repeating: 0, count: geometry.columns)
    // A code's magnitude where no group's scale stands above its row's.
    func load(_ row: Int) {
      matrix.codes(ofRow: row, into: &codes)
      for group in 0..<geometry.groupsPerRow {
        let above = Int(grid?.excess[row * geometry.groupsPerRow + group] ?? 0)
        let factor = Double(sign: .plus, exponent: above / 8, significand: Self.eighths[above % 8])
        let first = group * geometry.groupSize
        for column in first..<min(first + geometry.groupSize, geometry.columns) {
          magnitudes[column] =
            (abs(Double(codes[column])) / Double(divisors[column]) + leastMagnitude) * factor
        }
      }
    }
    func mean(by columns: [Double]?) -> Double {
      let parts = columns.map { zip(magnitudes, $0).map { $0 / $1 } } ?? magnitudes
      return parts.reduce(0, +) / Double(parts.count)
    }
    var columns = [Double](repeating: 0, count: geometry.columns)
    for row in 0..<geometry.rows {
      load(row)
      let own = mean(by: nil)
      for column in columns.indices {
        columns[column] += magnitudes[column] / own / Double(geometry.rows)
      }
    }
    let rows = (0..<geometry.rows).map { row in
      load(row)
      return mean(by: columns)
    }
    return CodeSizes(rowMeans: rows, columnMeans: columns)
  }

  /// What zeros count as.
  private static let leastMagnitude = 0.3
  /// Powers of two by eighths.
  private static let eighths = [
    1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951,
    1.5422108254079407, 1.681792830507429, 1.8340080864093424,
  ]

  /// Calls `body` with the codes of some rows, divided by what all of their column are multiples of.
  private func forCodes(_ rows: some Sequence<Int>, _ body: (_ row: Int, _ codes: [Int8]) -> Void) {
    var codes = [Int8](repeating: 0, count: geometry.columns)
    for row in rows {
      matrix.codes(ofRow: row, into: &codes)
      if let multipliers {
        for column in codes.indices { codes[column] /= Int8(multipliers[column]) }
      }
      body(row, codes)
    }
  }

  private func histogram() -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    forCodes(0..<geometry.rows) { _, codes in for code in codes { counts[Int(code) + 128] += 1 } }
    return counts
  }

  private func histograms() -> [Int: [Int]] {
    let all = PackedFormat.sizes
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: 256), count: all.count)
    // Tables are numbered from the least size on.
    let parts = self.parts(tables: 0...all.count - 1, leastSize: all.lowerBound)
    forCodes(0..<geometry.rows) { row, codes in
      let numbers = TableNumbers(parts, row: row, geometry)
      for (column, code) in codes.enumerated() {
        counts[numbers[column]][Int(code) + 128] += 1
      }
    }
    let used = zip(all, counts).filter { $1.contains { $0 > 0 } }
    return Dictionary(uniqueKeysWithValues: used.map { ($0, $1) })
  }

  /// What a packed file says of the tensor, but for the lengths of its chunks.
  ///
  /// - Parameters:
  ///   - tables: the numbers of its tables.
  ///   - leastSize: the size that the first of them is for.
  /// - Returns: the parts.
  func parts(tables: ClosedRange<Int>, leastSize: Int) -> TensorParts {
    var sizes = sizes
    sizes?.base -= leastSize
    return TensorParts(
      scales: scales, tables: tables, sizes: sizes, multipliers: multipliers, chunks: [])
  }

  /// The chunk of some rows.
  func encode(
    _ rows: Range<Int>, _ parts: TensorParts, _ intervals: [[EntropyEncoder.Interval]]
  ) -> [UInt8] {
    var encoder = EntropyEncoder()
    forCodes(rows.reversed()) { row, codes in
      let numbers = TableNumbers(parts, row: row, geometry)
      for column in codes.indices.reversed() {
        encoder.prepend(intervals[numbers[column]][Int(codes[column]) + 128], column: column)
      }
    }
    return encoder.bytes
  }
}

/// The tables of a row's codes.
private struct TableNumbers {
  private let ofGroups: [Int32]
  private let columns: [UInt8]?
  private let groupSize: Int
  private let range: ClosedRange<Int>

  init(_ parts: TensorParts, row: Int, _ geometry: TensorGeometry) {
    ofGroups = parts.groupTables(row..<row + 1, groups: geometry.groupsPerRow)
    columns = parts.sizes?.columns
    groupSize = geometry.groupSize
    range = parts.tables
  }

  subscript(column: Int) -> Int {
    let number = Int(ofGroups[column / groupSize]) + Int(columns?[column] ?? 0)
    return min(max(number, range.lowerBound), range.upperBound)
  }
}
