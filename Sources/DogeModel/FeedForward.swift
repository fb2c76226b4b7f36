import CKernels
import DogeArchitecture
import Kernels
import Parallel
import TensorCore

/// The gated MLP, and with experts the Cross Domain Mixture of Experts around it.
///
///     MLP(h) = W_down (act(W_gate h) ⊙ W_up h)
///     CDMoE(h) = MLP(h) + Σ_e act(down_e · h) · w_e · up_e
final class FeedForward: Sendable {
  private let experts: ExpertWeights?
  private let compute: Compute
  private let activation: Int32
  private let hiddenSize: Int
  private let inputs: [Linear]
  private let outputs: [Linear]

  init(_ layer: LayerWeights, config: DogeConfig, compute: Compute) {
    experts = layer.experts
    self.compute = compute
    activation = config.activation.kernelCode
    hiddenSize = config.hiddenSize
    inputs = [layer.mlp.gate, layer.mlp.up]
    outputs = [layer.mlp.down]
  }

  /// Runs a block of tokens.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds the block's rows `[tokens, d]`; the result goes to `projected`.
  ///   - tokens: how many rows.
  ///   - choices: the experts of the block's tokens, where the model has experts.
  func run(_ work: Workspace, tokens: Int, choices: ArraySlice<ExpertChoice>) {
    compute.pack(work.normed, tokens: tokens, into: work.packed, for: inputs)
    compute.multiply(work.packed, tokens: tokens, by: inputs, into: work.gateAndUp)
    compute.pool.forRanges(of: tokens) { part in
      for token in part {
        unsafe compute.kernels.table.pointee.activate(
          activation, work.gate[token], work.up[token],
          UInt32(work.gate.columns))
      }
    }
    compute.pack(work.gate, tokens: tokens, into: work.packed, for: outputs)
    compute.multiply(work.packed, tokens: tokens, by: outputs, into: work.projections)
    if let experts { add(experts, to: work, tokens: tokens, choices: choices) }
  }

  /// Adds the chosen experts' outputs to the block's rows of `projected`.
  private func add(
    _ experts: ExpertWeights, to work: Workspace, tokens: Int, choices: ArraySlice<ExpertChoice>
  ) {
    let kernels = unsafe compute.kernels.table
    let d = UInt32(hiddenSize)
    let perToken = work.expertScores.columns
    // act(down_e · h) · w_e, for every token and expert.
    compute.pool.forRanges(of: tokens * perToken) { part in
      let row = FloatMatrix(rows: 1, columns: hiddenSize)
      for item in part {
        let (token, index) = item.quotientAndRemainder(dividingBy: perToken)
        let choice = choices[choices.startIndex + token]
        compute.kernels.row(choice.experts[index], of: experts.downEmbed, into: row, at: 0)
        let score = unsafe work.expertScores[token] + index
        unsafe score.pointee = kernels.pointee.dot(row[0], work.normed[token], d)
        unsafe kernels.pointee.activate(activation, score, [choice.weights[index]], 1)
      }
    }
    compute.pool.forRanges(of: tokens) { part in
      let scratch = FloatMatrix(rows: 2, columns: hiddenSize)
      for token in part {
        unsafe scratch[1].update(repeating: 0, count: hiddenSize)
        let choice = choices[choices.startIndex + token]
        for (index, expert) in choice.experts.enumerated() {
          compute.kernels.row(expert, of: experts.upEmbed, into: scratch, at: 0)
          unsafe kernels.pointee.axpy(
            work.expertScores[token][index], scratch[0], d, scratch[1])
        }
        unsafe kernels.pointee.add(work.projected[token], scratch[1], d)
      }
    }
  }
}

extension Activation {
  /// The function's code in the kernels.
  var kernelCode: Int32 {
    switch self {
    case .silu: Int32(KB_SILU)
    case .gelu: Int32(KB_GELU)
    case .geluTanh: Int32(KB_GELU_TANH)
    case .relu: Int32(KB_RELU)
    }
  }
}
