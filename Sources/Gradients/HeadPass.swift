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
  /// - Returns: Σ_t KL, without the scale.
  func run(
    _ x: MatrixView, scale: Float, _ scratch: Scratch,
    targets: (_ rows: Range<Int>) throws -> FloatMatrix, _ gradients: WeightGradients
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
      sum += loss(d, try targets(rows), scale)
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
  private func loss(_ logits: MatrixView, _ targets: FloatMatrix, _ scale: Float) -> Double {
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

  /// exp(z − max) in place.
  ///
  /// - Returns: their sum.
  private func softmax(_ z: FloatRow) -> Float {
    compute.kernels.softmax(
      z, mask: zeros[0], scale: 1, range: 0..<z.count,
      padded: z.count.roundedUp(to: TensorGeometry.tileRows))
  }
}
