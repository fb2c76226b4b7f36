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

  /// Writes the given rows of a stored matrix under each other.
  package func rows(_ rows: [Int], of stored: StoredMatrix, into out: FloatMatrix) {
    pool.forRanges(of: rows.count) { part in
      for index in part { kernels.row(rows[index], of: stored, into: out[index]) }
    }
  }
}
