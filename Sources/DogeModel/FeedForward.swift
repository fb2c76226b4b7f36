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
  private let inputs: LinearGroup
  private let outputs: LinearGroup

  init(_ layer: LayerWeights, config: DogeConfig, compute: Compute) {
    experts = layer.experts
    self.compute = compute
    activation = config.activation.kernelCode
    hiddenSize = config.hiddenSize
    inputs = LinearGroup([layer.mlp.gate, layer.mlp.up])
    outputs = LinearGroup([layer.mlp.down])
  }

  /// Runs a block of tokens.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds the block's rows `[tokens, d]`; the result goes to `projected`.
  ///   - tokens: how many rows.
  ///   - choices: the experts of the call's tokens, where the model has experts.
  ///   - first: the block's first token in the call.
  func run(_ work: Workspace, tokens: Int, choices: ExpertChoices?, first: Int) {
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
    guard let experts, let choices else { return }
    for begin in stride(from: 0, to: tokens, by: Workspace.expertTokens) {
      let end = min(begin + Workspace.expertTokens, tokens)
      add(experts, to: work, tokens: begin..<end, choices, first: first)
    }
  }

  /// Adds the chosen experts' outputs to a few of the block's rows of `projected`.
  private func add(
    _ experts: ExpertWeights, to work: Workspace, tokens: Range<Int>, _ choices: ExpertChoices,
    first: Int
  ) {
    let kernels = unsafe compute.kernels.table
    let d = UInt32(hiddenSize)
    let perToken = choices.perToken
    // down_e · h for every token and expert, whose up_e then takes the place of down_e.
    compute.pool.forRanges(of: tokens.count * perToken) { part in
      for item in part {
        let (index, rank) = item.quotientAndRemainder(dividingBy: perToken)
        let token = tokens.lowerBound + index
        let expert = choices.expert(first + token, rank)
        compute.kernels.row(expert, of: experts.downEmbed, into: work.expertRows, at: item)
        unsafe work.expertScores[index][rank] = kernels.pointee.dot(
          work.expertRows[item], work.normed[token], d)
        compute.kernels.row(expert, of: experts.upEmbed, into: work.expertRows, at: item)
      }
    }
    compute.pool.forRanges(of: tokens.count) { part in
      for index in part {
        let token = tokens.lowerBound + index
        let sum = unsafe work.expertSums[index]
        unsafe kernels.pointee.activate(
          activation, work.expertScores[index], choices.weights[first + token], UInt32(perToken))
        unsafe sum.update(repeating: 0, count: hiddenSize)
        for rank in 0..<perToken {
          unsafe kernels.pointee.axpy(
            work.expertScores[index][rank], work.expertRows[index * perToken + rank], d, sum)
        }
        unsafe kernels.pointee.add(work.projected[token], sum, d)
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
