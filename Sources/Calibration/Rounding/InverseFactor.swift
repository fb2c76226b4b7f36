import Diagnostics
import Kernels
import Parallel

/// The upper triangular U with UᵀU = (H + damping)⁻¹, for a symmetric H, in binary64.
package struct InverseFactor: Sendable {
  /// U, transposed: row j holds U's column j.
  private let transposed: DoubleMatrix
  /// What was added to H's diagonal, as a part of its mean.
  package let damping: Double

  /// U's element.
  package subscript(row: Int, column: Int) -> Double { transposed[column, row] }

  /// Factors H with the least damping, of `damping` and its tenfolds, that makes it positive
  /// definite.
  ///
  /// - Parameters:
  ///   - moments: H.
  ///   - damping: what is added at least, as a part of H's mean diagonal.
  ///   - pool: the threads.
  ///   - progress: is asked whether to stop.
  /// - Throws: `NotFinite`, or `Interruption`.
  package init(
    _ moments: DoubleMatrix, damping: Double, pool: ThreadPool,
    progress: any ProgressSink = NoProgress()
  ) throws {
    // No product of two inputs is larger than the greater square.
    guard (0..<moments.size).allSatisfy({ moments[$0][$0].isFinite }) else { throw NotFinite() }
    let mean = moments.meanDiagonal
    var damping = damping
    while damping < Self.highestDamping {
      // Inputs that are all zero leave nothing to weigh errors with; the identity then does.
      let added = mean > 0 ? damping * mean : 1
      if let lower = try Self.lowerFactor(moments, added: added, pool: pool, progress) {
        transposed = Self.inverse(lower, pool: pool)
        self.damping = damping
        return
      }
      damping *= 10
    }
    throw NotFinite()
  }

  /// Second moments that no damping makes positive definite: inputs that overflow.
  package struct NotFinite: Error {}

  /// Far more than any sum of finite squares needs.
  private static let highestDamping = 1e12

  /// The lower triangular L with LᵀL = H + added · 1; nil where there is none.
  static func lowerFactor(
    _ moments: DoubleMatrix, added: Double, pool: ThreadPool,
    _ progress: any ProgressSink = NoProgress()
  ) throws -> DoubleMatrix? {
    let size = moments.size
    let lower = DoubleMatrix(size: size)
    for row in 0..<size {
      lower[row].part(0..<row + 1).copy(moments[row])
      lower[row][row] += added
    }
    for pivot in stride(from: size - 1, through: 0, by: -1) {
      if pivot % 64 == 0 { try progress.checkCancellation() }
      let factor = lower[pivot]
      let square = factor[pivot]
      guard square > 0, square.isFinite else { return nil }
      let root = square.squareRoot()
      for column in 0..<pivot { factor[column] /= root }
      factor[pivot] = root
      pool.forRanges(of: pivot, grain: 64) { part in
        for row in part {
          let target = lower[row]
          let scale = factor[row]
          for column in 0...row { target[column] -= scale * factor[column] }
        }
      }
    }
    return lower
  }

  /// The inverse of a lower triangular matrix.
  private static func inverse(_ lower: DoubleMatrix, pool: ThreadPool) -> DoubleMatrix {
    let size = lower.size
    let inverse = DoubleMatrix(size: size)
    pool.forRanges(of: size, grain: 8, pieces: 4) { part in
      for row in part.lowerBound..<size {
        let target = inverse[row]
        let factors = lower[row]
        let last = min(part.upperBound, row + 1)
        if row < part.upperBound { target[row] = 1 }
        for other in part.lowerBound..<row {
          let scale = factors[other]
          let source = inverse[other]
          for column in part.lowerBound..<min(last, other + 1) {
            target[column] -= scale * source[column]
          }
        }
        let divisor = factors[row]
        for column in part.lowerBound..<last { target[column] /= divisor }
      }
    }
    return inverse
  }
}
