import DogeModel
import Kernels

/// The attention half of a block and its gradient, for the first `tokens` rows of a sequence.
///
///     h = RMSNorm(x)      q, k = RoPE(norm(W h))      v = W_v h      δ = exp(A softplus(W_dt v))
///     o = softmax(q kᵀ / √hd + δ) v      out = gate ⊙ x + W_o o
struct AttentionPass {
  let compute: GradientCompute
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
    compute.norm(x, weights.inputNorm, into: h)
    compute.forward(attention.q, h, into: tape.rawQ.first(tokens))
    compute.forward(attention.k, h, into: tape.rawK.first(tokens))
    compute.forward(attention.v, h, into: tape.v.first(tokens))
    heads(tape.rawQ, attention.qNorm).forward(into: tape.q, tokens: tokens)
    heads(tape.rawK, attention.kNorm).forward(into: tape.k, tokens: tokens)
    mask.forward(tape, tokens: tokens)
    scores.forward(tape, tokens: tokens)
    let y = scratch.output.first(tokens)
    compute.forward(attention.o, attended, into: y)
    compute.gatedAdd(x, gate: weights.inputResidual, y, into: tape.middle.first(tokens))
  }

  /// Turns the gradient of the half's output, in `dState`, into that of its input x.
  func backward(_ x: MatrixView, _ gradients: WeightGradients) {
    let attention = weights.attention
    let dy = scratch.dState.first(tokens)
    let dh = scratch.dNormed.first(tokens)
    compute.backward(
      attention.o, dy: dy, x: attended, dx: scratch.dAttended.first(tokens), gradients)
    scores.backward(tape, scratch, tokens: tokens)
    mask.backward(tape, dMask: scratch.dMask, dV: scratch.dV, tokens: tokens)
    heads(tape.rawQ, attention.qNorm).backward(scratch.dQ, scratch.dHead, tokens: tokens)
    heads(tape.rawK, attention.kNorm).backward(scratch.dK, scratch.dHead, tokens: tokens)
    compute.norm(x, weights.inputNorm, into: h)
    compute.backward(attention.q, dy: scratch.dQ.first(tokens), x: h, dx: dh, gradients)
    compute.backward(
      attention.k, dy: scratch.dK.first(tokens), x: h, dx: dh, adding: true, gradients)
    compute.backward(
      attention.v, dy: scratch.dV.first(tokens), x: h, dx: dh, adding: true, gradients)
    compute.gateBackward(dy, gate: weights.inputResidual)
    compute.normBackward(dy: dh, x: x, weights.inputNorm, dx: dy)
  }

  private var mask: DynamicMask { DynamicMask(compute: compute, weights: weights.attention) }

  private func heads(_ raw: FloatMatrix, _ norm: FloatMatrix?) -> RotatedHeads {
    RotatedHeads(compute: compute, raw: raw, norm: norm, rotation: rotation)
  }
}
