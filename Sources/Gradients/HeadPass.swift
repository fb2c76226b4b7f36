import CKernels
import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// The head and the loss: Σ_t scale · KL(target_t ‖ softmax(W RMSNorm(x_t))), and the gradient.
///
/// Rows pass in blocks, so that no matrix `[tokens, V]` exists.
final class HeadPass {
  private static let blockRows = 120

  private let engine: Engine
  private let weights: DenseWeights
  private let forwardTiles = Gemm.Tiles()  // Wᵀ, [d, V]
  private let backwardTiles = Gemm.Tiles()  // W, [V, d]
  private let logits: FloatMatrix  // and their d, [block, V]
  private let targetParts: FloatMatrix  // softmax of the targets, [block, V]
  private let zeros: FloatMatrix  // [1, V]

  init(_ engine: Engine, _ weights: DenseWeights) {
    self.engine = engine
    self.weights = weights
    let vocabulary = engine.config.vocabularySize
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
    engine.norm(x, weights.finalNorm, into: scratch.normed.first(tokens))
    engine.gemm.fill(forwardTiles, with: w.transposed)
    if !gradients.isEmpty { engine.gemm.fill(backwardTiles, with: w) }
    var sum = 0.0
    for first in stride(from: 0, to: tokens, by: Self.blockRows) {
      let rows = first..<min(first + Self.blockRows, tokens)
      let h = scratch.normed.view(rows: rows)
      let d = logits.first(rows.count)
      engine.gemm.multiply(h, forwardTiles, into: d)
      sum += loss(d, try targets(rows), scale)
      guard !gradients.isEmpty else { continue }
      if let dw = gradients[weights.head.number] {
        engine.gemm.multiply(d.transposed, h, into: dw.view(), adding: true)
      }
      engine.gemm.multiply(d, backwardTiles, into: scratch.dNormed.view(rows: rows))
    }
    guard !gradients.isEmpty else { return sum }
    let dx = scratch.dState.first(tokens)
    scratch.dState.zero(rows: tokens)
    engine.normBackward(dy: scratch.dNormed.first(tokens), x: x, weights.finalNorm, dx: dx)
    return sum
  }

  /// Turns logits into their gradients, scale · (softmax(logits) − softmax(targets)).
  ///
  /// - Returns: the sum of the rows' KL.
  private func loss(_ logits: MatrixView, _ targets: FloatMatrix, _ scale: Float) -> Double {
    precondition(
      targets.rows >= logits.rows && targets.columns == logits.columns,
      "targets must be [rows, vocabulary]")
    let width = logits.columns
    let differences = engine.pool.map(logits.rows) { row in
      let difference = LogitDifference(
        reference: targets, row: row, candidate: logits.matrix, row: row,
        kernels: engine.kernels)
      let (z, t) = unsafe (logits[row], targetParts[row])
      unsafe t.update(from: targets[row], count: width)
      let sums = unsafe (softmax(z), softmax(t))
      let (a, b) = (scale / sums.0, scale / sums.1)
      for i in 0..<width { unsafe z[i] = z[i] * a - t[i] * b }
      return difference.kld
    }
    return differences.reduce(0, +)
  }

  /// exp(z − max) in place.
  ///
  /// - Returns: their sum.
  private func softmax(_ z: UnsafeMutablePointer<Float>) -> Float {
    unsafe engine.kernels.table.pointee.softmax(
      z, zeros[0], 1, 0, UInt32(zeros.columns), UInt32(logits.stride))
  }
}
