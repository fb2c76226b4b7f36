import DogeArchitecture
import DogeModel
import Kernels

/// The feed-forward half of a block and its gradient, for the first `tokens` rows of a sequence.
///
///     h = RMSNorm(x)      m = act(W_gate h) ⊙ W_up h      y = W_down m (+ experts(h))
///     out = gate ⊙ x + y
struct FeedForwardPass {
  let compute: GradientCompute
  let weights: DenseBlock
  let tape: BlockTape
  let scratch: Scratch
  let ones: FloatMatrix  // [max(I, k)]
  let tokens: Int

  private var x: MatrixView { tape.middle.first(tokens) }
  private var h: MatrixView { scratch.normed.first(tokens) }

  /// Writes the block's output `[tokens, d]`.
  func forward(into out: FloatMatrix) {
    compute.norm(x, weights.postNorm, into: h)
    compute.forward(weights.mlp.gate, h, into: tape.gate.first(tokens))
    compute.forward(weights.mlp.up, h, into: tape.up.first(tokens))
    activate()
    let y = scratch.output.first(tokens)
    compute.forward(weights.mlp.down, scratch.hidden.first(tokens), into: y)
    experts?.forward(h, addingTo: y)
    compute.gatedAdd(x, gate: weights.postResidual, y, into: out.first(tokens))
  }

  /// Turns the gradient of the block's output, in `dState`, into that of the half's input.
  func backward(_ gradients: WeightGradients) {
    let dy = scratch.dState.first(tokens)
    let dh = scratch.dNormed.first(tokens)
    let (dGate, dUp) = (scratch.dGate.first(tokens), scratch.dHidden.first(tokens))
    compute.norm(x, weights.postNorm, into: h)
    activate()
    // d of m, which then makes room for d of up.
    compute.backward(
      weights.mlp.down, dy: dy, x: scratch.hidden.first(tokens), dx: dUp, gradients)
    activateBackward()
    compute.backward(weights.mlp.gate, dy: dGate, x: h, dx: dh, gradients)
    compute.backward(weights.mlp.up, dy: dUp, x: h, dx: dh, adding: true, gradients)
    experts?.backward(dy: dy, h, dh: dh, gradients)
    compute.gateBackward(dy, gate: weights.postResidual)
    compute.normBackward(dy: dh, x: x, weights.postNorm, dx: dy)
  }

  /// m = act(gate) ⊙ up.
  private func activate() {
    let function = compute.config.activation.function
    compute.forRows(tokens) { row in
      let m = scratch.hidden[row]
      m.copy(tape.gate[row])
      compute.kernels.activate(m, function, times: tape.up[row])
    }
  }

  /// d gate = dm ⊙ up ⊙ act′(gate), d up = dm ⊙ act(gate), which takes the place of dm.
  private func activateBackward() {
    let activation = compute.config.activation
    compute.forRows(tokens) { row in
      let (gate, up) = (tape.gate[row], tape.up[row])
      let (dGate, dm) = (scratch.dGate[row], scratch.dHidden[row])
      // The row of m has done its work: it takes act(gate).
      let value = scratch.hidden[row]
      compute.activate(gate, ones: ones[0], into: value)
      for i in 0..<gate.count {
        let slope = activation.slope(at: gate[i], value: value[i])
        dGate[i] = dm[i] * up[i] * slope
        dm[i] *= value[i]
      }
    }
  }

  private var experts: ExpertPass? {
    guard let mixture = compute.config.experts else { return nil }
    guard let experts = weights.experts, let tape = tape.experts else {
      preconditionFailure("a config with experts, and a block without")
    }
    return ExpertPass(
      compute: compute, weights: experts, mixture: mixture, tape: tape, scratch: scratch,
      ones: ones, tokens: tokens)
  }
}
