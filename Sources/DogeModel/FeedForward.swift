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
  private let mixture: MixtureOfExperts?
  private let compute: Compute
  private let activation: Int32
  private let hiddenSize: Int
  private let inputs: LinearGroup
  /// The same and the router.
  private let inputsAndRouter: LinearGroup?
  private let outputs: LinearGroup

  init(_ layer: LayerWeights, config: DogeConfig, compute: Compute) {
    experts = layer.experts
    mixture = config.experts
    self.compute = compute
    activation = config.activation.kernelCode
    hiddenSize = config.hiddenSize
    inputs = LinearGroup([layer.mlp.gate, layer.mlp.up])
    inputsAndRouter = layer.experts.map {
      LinearGroup([layer.mlp.gate, layer.mlp.up] + $0.router.linears)
    }
    outputs = LinearGroup([layer.mlp.down])
  }

  /// Runs a block of tokens.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds the block's rows `[tokens, d]`; the result goes to `projected`.
  ///   - tokens: how many rows.
  ///   - routing: how experts are chosen.
  ///   - chosen: the experts of the call's tokens, from `chooseExperts`; nil where the block is the
  ///     whole call, and chooses its own.
  ///   - first: the block's first token in the call.
  func run(
    _ work: Workspace, tokens: Int, routing: ExpertRouting, chosen: ExpertChoices?, first: Int
  ) {
    let routes = chosen == nil ? inputsAndRouter : nil
    let group = routes ?? inputs
    compute.pack(work.normed, tokens: tokens, into: work.packed, for: group)
    compute.multiply(
      work.packed, tokens: tokens, by: group,
      into: routes == nil ? work.gateAndUp : work.gateUpAndRouter)
    let choices =
      routes == nil ? chosen : choose(work.routerScores, tokens: tokens, routing, work)
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

  /// Chooses the experts of a call's tokens by the router's output `[tokens, 2K]`.
  private func choose(
    _ scores: FloatMatrix, tokens: Int, _ routing: ExpertRouting, _ work: Workspace
  ) -> ExpertChoices? {
    guard let mixture else { return nil }
    let choices = work.expertChoices(tokens: tokens, perToken: mixture.perToken)
    ExpertRouter(experts: mixture, routing: routing, scores: scores, tokens: tokens)
      .choose(into: choices, on: compute.pool)
    compute.tap?.show(choices, tokens: tokens)
    return choices
  }

  /// Chooses the experts of a call of several blocks: `hf` routing mixes all its tokens.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds a block's rows when `blocks` shows the block.
  ///   - tokens: of the call.
  ///   - routing: how experts are chosen.
  ///   - blocks: calls its argument for each block, in order.
  /// - Returns: the choices; nil for a model without experts.
  func chooseExperts(
    _ work: Workspace, tokens: Int, routing: ExpertRouting,
    blocks: (_ body: (_ rows: Range<Int>) -> Void) -> Void
  ) -> ExpertChoices? {
    guard let experts, let mixture else { return nil }
    let width = 2 * mixture.keyCount
    let scores = FloatMatrix(rows: tokens, columns: width)
    blocks { rows in
      compute.pack(work.normed, tokens: rows.count, into: work.packed, for: experts.router)
      compute.multiply(
        work.packed, tokens: rows.count, by: experts.router, into: [work.routerScores.view])
      for row in rows {
        unsafe scores[row].update(from: work.routerScores[row - rows.lowerBound], count: width)
      }
    }
    return choose(scores, tokens: tokens, routing, work)
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
  package var kernelCode: Int32 {
    switch self {
    case .silu: Int32(KB_SILU)
    case .gelu: Int32(KB_GELU)
    case .geluTanh: Int32(KB_GELU_TANH)
    case .relu: Int32(KB_RELU)
    }
  }
}
