import Parallel

// The same operations on many rows, shared out between the threads.

extension Compute {
  /// Writes RMSNorm(x) of some rows to the first ones of `out`; weight `[1, columns]`.
  package func rmsNorm(
    _ x: FloatMatrix, rows: Range<Int>, weight: FloatMatrix, epsilon: Float, into out: FloatMatrix
  ) {
    pool.forRanges(of: rows.count) { part in
      for row in part {
        kernels.rmsNorm(
          x[rows.lowerBound + row], weight: weight[0], epsilon: epsilon, into: out[row])
      }
    }
  }

  /// x = gate ⊙ x + a for some rows of x; a's rows count from 0, gate is `[1, columns]`.
  package func gatedAdd(_ x: FloatMatrix, rows: Range<Int>, gate: FloatMatrix, _ a: FloatMatrix) {
    pool.forRanges(of: rows.count) { part in
      for row in part { kernels.gatedAdd(x[rows.lowerBound + row], gate: gate[0], a[row]) }
    }
  }

  /// gate = activation(gate) ⊙ up for the first rows.
  package func activate(
    _ gate: FloatMatrix, _ function: ActivationFunction, times up: FloatMatrix, rows: Int
  ) {
    pool.forRanges(of: rows) { part in
      for row in part { kernels.activate(gate[row], function, times: up[row]) }
    }
  }

  /// Writes the given rows of a stored matrix under each other.
  package func rows(_ rows: [Int], of stored: StoredMatrix, into out: FloatMatrix) {
    pool.forRanges(of: rows.count) { part in
      for index in part { kernels.row(rows[index], of: stored, into: out[index]) }
    }
  }
}
