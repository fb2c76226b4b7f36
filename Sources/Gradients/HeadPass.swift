import DogeArchitecture
import DogeModel
import Kernels
import Parallel
import TensorCore

/// The head and the loss: Σ_t scale · KL(target_t ‖ softmax(W RMSNorm(x_t))), and the gradient.
///
/// Rows pass in blocks, so that no matrix `[tokens, V]` exists.
final class HeadPass {
  private static let blockRows = 120

  private let compute: GradientCompute
  private let weights: DenseWeights
  private let forwardTiles = Gemm.Tiles()  // Wᵀ, [d, V]
  private let backwardTiles = Gemm.Tiles()  // W, [V, d]
  private let logits: FloatMatrix  // and their d, [block, V]
  private let targetParts: FloatMatrix  // softmax of the targets, [block, V]
  private let zeros: FloatMatrix  // [1, V]

  init(_ compute: GradientCompute, _ weights: DenseWeights) {
    self.compute = compute
    self.weights = weights
    let vocabulary = compute.config.vocabularySize
    logits = FloatMatrix(rows: Self.blockRows, columns: vocabulary)
    targetParts = FloatMatrix(rows: Self.blockRows, columns: vocabulary)
    zeros = FloatMatrix(rows: 1, columns: vocabulary)
  }

  /// Writes the gradient of x, the last block's output, to `dState`.
  ///
  /// - Parameters:
  ///   - x: `[tokens, d]`.
  ///   - scratch: takes the gradient.
  ///   - gradients: those that are wanted.
  ///   - loss: turns the logits of some rows into their gradients.
  /// - Returns: the sum of what `loss` returns.
  /// - Throws: what `loss` throws.
  func run(
    _ x: MatrixView, _ scratch: Scratch, _ gradients: WeightGradients,
    loss: (_ logits: MatrixView, _ rows: Range<Int>) throws -> Double
  ) throws -> Double {
    let tokens = x.rows
    let w = weights.head.values.view()
    compute.norm(x, weights.finalNorm, into: scratch.normed.first(tokens))
    compute.gemm.fill(forwardTiles, with: w.transposed)
    if !gradients.isEmpty { compute.gemm.fill(backwardTiles, with: w) }
    var sum = 0.0
    for first in stride(from: 0, to: tokens, by: Self.blockRows) {
      let rows = first..<min(first + Self.blockRows, tokens)
      let h = scratch.normed.view(rows: rows)
      let d = logits.first(rows.count)
      compute.gemm.multiply(h, forwardTiles, into: d)
      sum += try loss(d, rows)
      guard !gradients.isEmpty else { continue }
      if let dw = gradients[weights.head.tensor] {
        compute.gemm.multiply(d.transposed, h, into: dw.view(), adding: true)
      }
      compute.gemm.multiply(d, backwardTiles, into: scratch.dNormed.view(rows: rows))
    }
    guard !gradients.isEmpty else { return sum }
    let dx = scratch.dState.first(tokens)
    scratch.dState.clear(rows: tokens)
    compute.normBackward(dy: scratch.dNormed.first(tokens), x: x, weights.finalNorm, dx: dx)
    return sum
  }

  /// Turns logits into their gradients, scale · (softmax(logits) − softmax(targets)).
  ///
  /// - Returns: the sum of the rows' KL.
  func divergence(_ logits: MatrixView, from targets: FloatMatrix, scale: Float) -> Double {
    precondition(
      targets.rows >= logits.rows && targets.columns == logits.columns,
      "targets must be [rows, vocabulary]")
    let differences = compute.pool.map(logits.rows) { row in
      let difference = LogitDifference(
        reference: targets, row: row, candidate: logits.matrix, row: row,
        kernels: compute.kernels)
      let (z, t) = (logits[row], targetParts[row])
      t.copy(targets[row])
      let sums = (softmax(z), softmax(t))
      let (a, b) = (scale / sums.0, scale / sums.1)
      for i in 0..<z.count { z[i] = z[i] * a - t[i] * b }
      return difference.kld
    }
    return differences.reduce(0, +)
  }

  /// Turns logits into the gradients of -log p(y), y drawn from the distribution that they give.
  ///
  /// - Parameters:
  ///   - logits: `[tokens, V]`.
  ///   - random: draws.
  ///   - outputs: hear of p (1 − p), which is what the squares of the gradients are on average.
  func draw(_ logits: MatrixView, _ random: inout SplitMix64, _ outputs: OutputMoments?) {
    let draws = (0..<logits.rows).map { _ in Float.random(in: 0..<1, using: &random) }
    compute.forRows(logits.rows) { row in
      let p = logits[row]
      let sum = softmax(p)
      for i in 0..<p.count { p[i] /= sum }
    }
    if let outputs {
      let squares = compute.pool.map(logits.columns) { token in
        (0..<logits.rows).reduce(0.0) {
          $0 + Double(logits[$1][token]) * Double(1 - logits[$1][token])
        }
      }
      outputs.add(squares, to: weights.head.tensor)
    }
    compute.forRows(logits.rows) { row in
      let p = logits[row]
      var left = draws[row]
      var drawn = 0
      while drawn + 1 < p.count, left >= p[drawn] {
        left -= p[drawn]
        drawn += 1
      }
      p[drawn] -= 1
    }
  }

  /// exp(z − max) in place.
  ///
  /// - Returns: their sum.
  private func softmax(_ z: FloatRow) -> Float {
    compute.kernels.softmax(
      z, mask: zeros[0], scale: 1, range: 0..<z.count,
      padded: z.count.roundedUp(to: TensorGeometry.tileRows))
  }
}
