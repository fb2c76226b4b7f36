import Kernels
import PackedFormat
import TensorCore

/// The steps of a matrix that is to be packed: codes are multiples of their column's multiplier, and
/// scales stand on a grid, so that a step is one Δ times a row's factor times a column's, or more
/// where int8 has no room for that.
package struct MatrixSteps: Sendable {
  /// The power of two that the scales share.
  package let exponent: Int
  /// What each column's codes are multiples of.
  package let multipliers: [Int]
  private let halves: [UInt16]  // [rows, groups]
  private let groups: Int

  /// A scale as it is stored, without the power of two.
  package func scale(row: Int, group: Int) -> Float {
    Float(binary16: halves[row * groups + group])
  }

  /// How finely a column's step is told by multiples: 0 gives all columns of a group the same.
  private static let finenesses = [0, 1.5, 2, 3]

  /// Chooses multipliers and scales.
  ///
  /// - Parameters:
  ///   - geometry: the matrix's; its type must be int8.
  ///   - rows: the step that each row wants, beside that of columns.
  ///   - columns: the step that each column wants, beside that of rows.
  ///   - magnitudes: the largest of each group, `[rows][groups]`.
  package init(
    _ geometry: TensorGeometry, rows: [Double], columns: [Double], magnitudes: [[Float]]
  ) {
    let rows = rows.map(eighths)
    let candidates = Self.finenesses.map {
      Candidate(geometry, columns, fineness: $0, rows: rows, magnitudes)
    }
    let best = candidates.indices.reduce(0) {
      candidates[$1].loss < candidates[$0].loss ? $1 : $0
    }
    let chosen = candidates[best]
    let places = rows.indices.map { row in
      (0..<geometry.groupsPerRow).map {
        rows[row] + chosen.bases[$0] + chosen.excess[row][$0]
      }
    }
    let highest = places.joined().max() ?? 0
    exponent = min(max(Int((Double(highest) / 8).rounded(.down)) - 14, -110), 113)
    multipliers = chosen.multipliers
    groups = geometry.groupsPerRow
    let bias = 112 - 8 * exponent
    halves = places.joined().map { ScaleGrid.nearest(to: $0 + bias) }
  }

  /// One way to tell the steps of columns.
  private struct Candidate {
    /// What a code of 1 stands for in each group, beside the row's factor, in eighths of an octave.
    let bases: [Int]
    let multipliers: [Int]
    /// By how many eighths of an octave a row's group is coarser than it should be.
    let excess: [[Int]]
    /// Errors and bits together, in units in which a finer step is worth as much as it costs where a
    /// step is what was wanted: the mean of s² - ln s², s a step beside that.
    let loss: Double

    init(
      _ geometry: TensorGeometry, _ columns: [Double], fineness: Double, rows: [Int],
      _ magnitudes: [[Float]]
    ) {
      var bases: [Int] = []
      var multipliers: [Int] = []
      // Of each group's columns: the mean of squared ratios of steps to what is wanted, and the mean
      // of their logarithms.
      var squares: [Double] = []
      var logarithms: [Double] = []
      for first in stride(from: 0, to: columns.count, by: geometry.groupSize) {
        let group = columns[first..<min(first + geometry.groupSize, columns.count)]
        let middle = deterministicExp(
          group.reduce(0) { $0 + deterministicLog($1) } / Double(group.count))
        let place = eighths(fineness > 0 ? middle / fineness : middle)
        let base = power(place)
        let own = group.map { fineness > 0 ? min(max(Int(($0 / base).rounded()), 1), 127) : 1 }
        let ratios = zip(own, group).map { Double($0) * base / $1 }
        bases.append(place)
        multipliers += own
        squares.append(ratios.reduce(0) { $0 + $1 * $1 })
        logarithms.append(ratios.reduce(0) { $0 + deterministicLog($1) })
      }
      var (sum, logarithm) = (0.0, 0.0)
      var excess: [[Int]] = []
      for (row, magnitudes) in zip(rows, magnitudes) {
        excess.append([])
        for (group, magnitude) in magnitudes.enumerated() {
          // Errors of earlier columns may make a value a little larger.
          let needed = Double(magnitude) / power(row + bases[group]) / 125
          let steps = needed > 1 ? Int((8 * logarithm2(needed)).rounded(.up)) : 0
          let factor = power(steps)
          excess[excess.count - 1].append(steps)
          sum += factor * factor * squares[group]
          logarithm += Double(steps) / 8 * ln2 * Double(geometry.width(of: group))
          logarithm += logarithms[group]
        }
      }
      let count = Double(rows.count * columns.count)
      (self.bases, self.multipliers, self.excess) = (bases, multipliers, excess)
      loss = (sum - 2 * logarithm) / count
    }
  }
}

private let ln2 = 0.6931471805599453

private func logarithm2(_ value: Double) -> Double { deterministicLog(value) / ln2 }

/// 8 · log2, rounded.
private func eighths(_ value: Double) -> Int { Int((8 * logarithm2(value)).rounded()) }

/// 2 to the power of so many eighths.
private func power(_ eighths: Int) -> Double { deterministicExp(Double(eighths) / 8 * ln2) }

extension TensorGeometry {
  /// The columns of a group.
  fileprivate func width(of group: Int) -> Int {
    min((group + 1) * groupSize, columns) - group * groupSize
  }
}
