import CKernels
import DogeModel
import Kernels
import Parallel

/// The attention half of a block and its gradient, for the first `tokens` rows of a sequence.
///
///     h = RMSNorm(x)      q, k = RoPE(norm(W h))      v = W_v h      δ = exp(A softplus(W_dt v))
///     o = softmax(q kᵀ / √hd + δ) v      out = gate ⊙ x + W_o o
struct AttentionPass {
  let engine: Engine
  let weights: DenseBlock
  let tape: BlockTape
  let scratch: Scratch
  let scores: AttentionScores
  let rotation: Rotation
  let tokens: Int

  private var h: MatrixView { scratch.normed.first(tokens) }
  private var attended: MatrixView { tape.attended.first(tokens) }

  /// Writes the half's output `[tokens, d]` to the tape's `middle`.
  func forward(_ x: MatrixView) {
    let attention = weights.attention
    engine.norm(x, weights.inputNorm, into: h)
    engine.forward(attention.q, h, into: tape.rawQ.first(tokens))
    engine.forward(attention.k, h, into: tape.rawK.first(tokens))
    engine.forward(attention.v, h, into: tape.v.first(tokens))
    heads(tape.rawQ, attention.qNorm).forward(into: tape.q, tokens: tokens)
    heads(tape.rawK, attention.kNorm).forward(into: tape.k, tokens: tokens)
    mask.forward(tape, tokens: tokens)
    scores.forward(tape, tokens: tokens)
    let y = scratch.output.first(tokens)
    engine.forward(attention.o, attended, into: y)
    engine.gatedAdd(x, gate: weights.inputResidual, y, into: tape.middle.first(tokens))
  }

  /// Turns the gradient of the half's output, in `dState`, into that of its input x.
  func backward(_ x: MatrixView, _ gradients: WeightGradients) {
    let attention = weights.attention
    let dy = scratch.dState.first(tokens)
    let dh = scratch.dNormed.first(tokens)
    engine.backward(
      attention.o, dy: dy, x: attended, dx: scratch.dAttended.first(tokens), gradients)
    scores.backward(tape, scratch, tokens: tokens)
    mask.backward(tape, dMask: scratch.dMask, dV: scratch.dV, tokens: tokens)
    heads(tape.rawQ, attention.qNorm).backward(scratch.dQ, tokens: tokens)
    heads(tape.rawK, attention.kNorm).backward(scratch.dK, tokens: tokens)
    engine.norm(x, weights.inputNorm, into: h)
    engine.backward(attention.q, dy: scratch.dQ.first(tokens), x: h, dx: dh, gradients)
    engine.backward(
      attention.k, dy: scratch.dK.first(tokens), x: h, dx: dh, adding: true, gradients)
    engine.backward(
      attention.v, dy: scratch.dV.first(tokens), x: h, dx: dh, adding: true, gradients)
    engine.gateBackward(dy, gate: weights.inputResidual)
    engine.normBackward(dy: dh, x: x, weights.inputNorm, dx: dy)
  }

  private var mask: DynamicMask { DynamicMask(engine: engine, weights: weights.attention) }

  private func heads(_ raw: FloatMatrix, _ norm: FloatMatrix?) -> RotatedHeads {
    RotatedHeads(engine: engine, raw: raw, norm: norm, rotation: rotation)
  }
}
