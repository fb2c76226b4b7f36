/// How large codes are in a row and in a column, in quarters of an octave: what predicts a code's
/// table.
struct CodeSizes: Equatable, Sendable {
  /// The size that a code has where row and column add nothing.
  var base: Int
  var rows: [UInt8]
  var columns: [UInt8]

  init(base: Int, rows: [UInt8], columns: [UInt8]) {
    (self.base, self.rows, self.columns) = (base, rows, columns)
  }

  /// Sizes of sums of magnitudes.
  ///
  /// - Parameters:
  ///   - rowMeans: the mean magnitude of each row.
  ///   - columnMeans: the mean of each column, where that of each row is 1.
  init(rowMeans: [Double], columnMeans: [Double]) {
    let rows = rowMeans.map(Self.quarters)
    let columns = columnMeans.map(Self.quarters)
    let least = (rows: rows.min() ?? 0, columns: columns.min() ?? 0)
    base = least.rows + least.columns
    // Means lie between a third and some hundreds.
    self.rows = rows.map { UInt8(clamping: $0 - least.rows) }
    self.columns = columns.map { UInt8(clamping: $0 - least.columns) }
  }

  /// 4 · log2, rounded; by comparisons, so that it is the same everywhere.
  static func quarters(_ value: Double) -> Int {
    // 2^(1/8), 2^(3/8), 2^(5/8), 2^(7/8)
    let bounds = [1.0905077326652577, 1.2968395546510096, 1.5422108254079407, 1.8340080864093424]
    return 4 * Int(value.exponent) + bounds.filter { value.significand >= $0 }.count
  }
}
