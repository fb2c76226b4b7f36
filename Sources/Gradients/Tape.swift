import DogeArchitecture
import DogeModel
import Kernels

/// What the forward pass leaves behind for the backward pass, with room for some tokens T.
final class Tape {
  let tokens: Int
  /// The embedding, and each block's output, [T, d].
  let states: [FloatMatrix]
  let blocks: [BlockTape]

  init(_ config: DogeConfig, _ layout: CheckpointLayout, tokens: Int) {
    self.tokens = tokens
    states = (0...config.layerCount).map { _ in
      FloatMatrix(rows: tokens, columns: config.hiddenSize)
    }
    blocks = (0..<config.layerCount).map { _ in BlockTape(config, layout, tokens: tokens) }
  }
}

/// The same for one block; its input and output are among the states.
final class BlockTape {
  let rawQ: FloatMatrix  // W_q h, [T, H hd]
  let rawK: FloatMatrix  // W_k h, [T, KV hd]
  let q: FloatMatrix  // normalized and rotated, [T, H hd]
  let k: FloatMatrix  // [T, KV hd]
  let v: FloatMatrix  // [T, KV hd]
  let maskInput: FloatMatrix  // z = W_dt v + b, [R, T]
  let mask: FloatMatrix  // δ = exp(A softplus(z)), [R, T]
  let attended: FloatMatrix  // what W_o multiplies, [T, H hd]
  let middle: FloatMatrix  // attention's output with the residual, [T, d]
  let gate: FloatMatrix  // W_gate h, [T, I]
  let up: FloatMatrix  // W_up h, [T, I]
  let experts: ExpertTape?

  init(_ config: DogeConfig, _ layout: CheckpointLayout, tokens: Int) {
    func matrix(_ columns: Int) -> FloatMatrix { FloatMatrix(rows: tokens, columns: columns) }
    let queries = config.headCount * config.headDimension
    let values = config.keyValueHeadCount * config.headDimension
    rawQ = matrix(queries)
    rawK = matrix(values)
    q = matrix(queries)
    k = matrix(values)
    v = matrix(values)
    maskInput = FloatMatrix(rows: layout.maskRows, columns: tokens)
    mask = FloatMatrix(rows: layout.maskRows, columns: tokens)
    attended = matrix(queries)
    middle = matrix(config.hiddenSize)
    gate = matrix(config.intermediateSize)
    up = matrix(config.intermediateSize)
    experts = config.experts.map { ExpertTape(tokens: tokens, perToken: $0.perToken) }
  }
}

/// The same for the experts of a block.
final class ExpertTape {
  let choices: ExpertChoices  // and their weights w, [T, k]
  let scores: FloatMatrix  // s = down_e · h, [T, k]

  init(tokens: Int, perToken: Int) {
    choices = ExpertChoices(tokens: tokens, perToken: perToken)
    scores = FloatMatrix(rows: tokens, columns: perToken)
  }
}

/// Memory that every block uses anew, with room for some tokens T.
final class Scratch {
  let tokens: Int
  let normed: FloatMatrix  // [T, d]
  let dNormed: FloatMatrix  // [T, d]
  let output: FloatMatrix  // of a block's half, [T, d]
  let dState: FloatMatrix  // d of the residual stream, [T, d]
  let dAttended: FloatMatrix  // [T, H hd]
  let dQ: FloatMatrix  // [T, H hd]
  let dK: FloatMatrix  // [T, KV hd]
  let dV: FloatMatrix  // [T, KV hd]
  let dMask: FloatMatrix  // dδ, [R, T]
  let dHead: FloatMatrix  // of one head at a time, [T, hd]
  let hidden: FloatMatrix  // act(gate) ⊙ up, [T, I]
  let dHidden: FloatMatrix  // [T, I]
  let dGate: FloatMatrix  // [T, I]
  let routerScores: FloatMatrix  // [T, 2 K]; in the backward pass their d
  /// act(s) w and the d of s, of the chosen experts, [T, k].
  let expertOutputs: FloatMatrix
  let dExpertScores: FloatMatrix

  init(_ config: DogeConfig, _ layout: CheckpointLayout, tokens: Int) {
    func matrix(_ columns: Int) -> FloatMatrix { FloatMatrix(rows: tokens, columns: columns) }
    let queries = config.headCount * config.headDimension
    let values = config.keyValueHeadCount * config.headDimension
    self.tokens = tokens
    normed = matrix(config.hiddenSize)
    dNormed = matrix(config.hiddenSize)
    output = matrix(config.hiddenSize)
    dState = matrix(config.hiddenSize)
    dAttended = matrix(queries)
    dQ = matrix(queries)
    dK = matrix(values)
    dV = matrix(values)
    dMask = FloatMatrix(rows: layout.maskRows, columns: tokens)
    dHead = matrix(config.headDimension)
    hidden = matrix(config.intermediateSize)
    dHidden = matrix(config.intermediateSize)
    dGate = matrix(config.intermediateSize)
    routerScores = matrix(2 * (config.experts?.keyCount ?? 0))
    expertOutputs = matrix(config.experts?.perToken ?? 0)
    dExpertScores = matrix(config.experts?.perToken ?? 0)
  }
}
