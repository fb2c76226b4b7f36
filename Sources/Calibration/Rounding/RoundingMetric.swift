import Kernels
import Parallel

/// What the errors of a matrix's weights cost: H, its factors, and their float32 copies.
package struct RoundingMetric: Sendable {
  /// How errors of some inputs bear on those of others.
  struct Coupling: Sendable {
    /// U with its rows divided by their diagonal: how an error is made up for by later columns.
    let compensation: FloatMatrix  // [inputs, inputs], upper triangular
    /// H over the mean of its diagonal, damped.
    let moments: FloatMatrix  // [inputs, inputs]
    /// 1 / U_cc², what an error costs that later columns make up for.
    let cost: [Float]
    /// The mean square of an input's element.
    let meanSquare: Double
  }

  /// The least that is added to H's diagonal, as a part of its mean.
  static let damping = 0.01

  /// Nil where all errors cost their squares.
  let coupling: Coupling?

  /// The plain squared error.
  static let plain = RoundingMetric(coupling: nil)

  private init(coupling: Coupling?) { self.coupling = coupling }

  /// The metric of a sum of x xᵀ over so many inputs, and its factors.
  package init(_ sums: DoubleMatrix, factor: InverseFactor, inputs: Int = 1) {
    let size = sums.size
    let compensation = FloatMatrix(rows: size, columns: size)
    let moments = FloatMatrix(rows: size, columns: size)
    let mean = sums.meanDiagonal > 0 ? sums.meanDiagonal : 1
    var cost: [Float] = []
    for row in 0..<size {
      let diagonal = factor[row, row]
      cost.append(Float(1 / (diagonal * diagonal * mean)))
      for column in row..<size {
        compensation[row][column] = Float(factor[row, column] / diagonal)
      }
      for column in 0..<size { moments[row][column] = Float(sums[row, column] / mean) }
      moments[row][row] += Float(sums.meanDiagonal > 0 ? factor.damping : 1)
    }
    coupling = Coupling(
      compensation: compensation, moments: moments, cost: cost,
      meanSquare: sums.meanDiagonal / Double(max(1, inputs)))
  }

  /// What the error of a column costs, once later columns have made up for it.
  @inline(__always) func cost(_ column: Int) -> Float { coupling?.cost[column] ?? 1 }
}
