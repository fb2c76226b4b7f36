import DogeModel

/// What the errors of a matrix's weights cost: H, its factors, and their float32 copies.
package struct RoundingMetric: Sendable {
  let inputs: Int
  /// U with its rows divided by their diagonal: how an error is made up for by later columns.
  let compensation: FloatMatrix  // [inputs, inputs], upper triangular
  /// 1 / U_cc², what an error costs that later columns make up for.
  let cost: [Float]
  /// H over the mean of its diagonal, damped.
  let moments: FloatMatrix  // [inputs, inputs]

  /// The metric of a sum of x xᵀ and its factors.
  package init(_ sums: DoubleMatrix, factor: InverseFactor) {
    let size = sums.size
    inputs = size
    compensation = FloatMatrix(rows: size, columns: size)
    moments = FloatMatrix(rows: size, columns: size)
    let mean = sums.meanDiagonal > 0 ? sums.meanDiagonal : 1
    var cost: [Float] = []
    for row in 0..<size {
      let diagonal = factor[row, row]
      cost.append(Float(1 / (diagonal * diagonal * mean)))
      for column in row..<size {
        unsafe compensation[row][column] = Float(factor[row, column] / diagonal)
      }
      for column in 0..<size { unsafe moments[row][column] = Float(sums[row, column] / mean) }
      unsafe moments[row][row] += Float(sums.meanDiagonal > 0 ? factor.damping : 1)
    }
    self.cost = cost
  }
}
