import CKernels
import DogeArchitecture
import DogeModel
import Kernels

/// The feed-forward half of a block and its gradient, for the first `tokens` rows of a sequence.
///
///     h = RMSNorm(x)      m = act(W_gate h) ⊙ W_up h      y = W_down m (+ experts(h))
///     out = gate ⊙ x + y
struct FeedForwardPass {
  let engine: Engine
  let weights: DenseBlock
  let tape: BlockTape
  let scratch: Scratch
  let ones: FloatMatrix  // [max(I, k)]
  let tokens: Int

  private var x: MatrixView { tape.middle.first(tokens) }
  private var h: MatrixView { scratch.normed.first(tokens) }

  /// Writes the block's output `[tokens, d]`.
  func forward(into out: FloatMatrix) {
    engine.norm(x, weights.postNorm, into: h)
    engine.forward(weights.gate, h, into: tape.gate.first(tokens))
    engine.forward(weights.up, h, into: tape.up.first(tokens))
    activate()
    let y = scratch.output.first(tokens)
    engine.forward(weights.down, scratch.hidden.first(tokens), into: y)
    experts?.forward(h, addingTo: y)
    engine.gatedAdd(x, gate: weights.postResidual, y, into: out.first(tokens))
  }

  /// Turns the gradient of the block's output, in `dState`, into that of the half's input.
  func backward(_ gradients: WeightGradients) {
    let dy = scratch.dState.first(tokens)
    let dh = scratch.dNormed.first(tokens)
    let (dGate, dUp) = (scratch.dGate.first(tokens), scratch.dHidden.first(tokens))
    engine.norm(x, weights.postNorm, into: h)
    activate()
    // d of m, which then makes room for d of up.
    engine.backward(
      weights.down, dy: dy, x: scratch.hidden.first(tokens), dx: dUp, gradients)
    activateBackward()
    engine.backward(weights.gate, dy: dGate, x: h, dx: dh, gradients)
    engine.backward(weights.up, dy: dUp, x: h, dx: dh, adding: true, gradients)
    experts?.backward(dy: dy, h, dh: dh, gradients)
    engine.gateBackward(dy, gate: weights.postResidual)
    engine.normBackward(dy: dh, x: x, weights.postNorm, dx: dy)
  }

  /// m = act(gate) ⊙ up.
  private func activate() {
    let width = tape.gate.columns
    let kind = engine.config.activation.kernelCode
    engine.forRows(tokens) { row in
      let m = unsafe scratch.hidden[row]
      unsafe m.update(from: tape.gate[row], count: width)
      unsafe engine.kernels.table.pointee.activate(kind, m, tape.up[row], UInt32(width))
    }
  }

  /// d gate = dm ⊙ up ⊙ act′(gate), d up = dm ⊙ act(gate), which takes the place of dm.
  private func activateBackward() {
    let width = tape.gate.columns
    let activation = engine.config.activation
    engine.forRows(tokens) { row in
      let (gate, up) = unsafe (tape.gate[row], tape.up[row])
      let (dGate, dm) = unsafe (scratch.dGate[row], scratch.dHidden[row])
      // The row of m has done its work: it takes act(gate).
      let value = unsafe scratch.hidden[row]
      unsafe engine.activate(gate, count: width, ones: ones[0], into: value)
      for i in 0..<width {
        let slope = unsafe activation.slope(at: gate[i], value: value[i])
        unsafe dGate[i] = dm[i] * up[i] * slope
        unsafe dm[i] *= value[i]
      }
    }
  }

  private var experts: ExpertPass? {
    guard let experts = weights.experts, let tape = tape.experts,
      let mixture = engine.config.experts
    else { return nil }
    return ExpertPass(
      engine: engine, weights: experts, mixture: mixture, tape: tape, scratch: scratch,
      ones: ones, tokens: tokens)
  }
}
