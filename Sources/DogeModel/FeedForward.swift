import DogeArchitecture
import Kernels
import Parallel

/// The gated MLP, and with experts the Cross Domain Mixture of Experts around it.
///
///     MLP(h) = W_down (act(W_gate h) ⊙ W_up h)
///     CDMoE(h) = MLP(h) + Σ_e act(down_e · h) · w_e · up_e
final class FeedForward: Sendable {
  let kernels: KernelSet
  let activation: ActivationFunction
  let intermediateSize: Int
  let gateAndUp: LinearGroup
  let down: LinearGroup
  let mixture: Mixture?

  /// What a model with experts has beside the MLP.
  struct Mixture: Sendable {
    let weights: ExpertWeights<Linear>
    let sizes: MixtureOfExperts
    let router: LinearGroup
    /// Gate, up and the router, which read the same rows.
    let gateUpAndRouter: LinearGroup
  }

  init(
    _ weights: BlockWeights<Linear>, config: DogeConfig, mode: ComputeMode, kernels: KernelSet
  ) {
    self.kernels = kernels
    activation = config.activation.function
    intermediateSize = config.intermediateSize
    let inputs = [weights.mlp.gate, weights.mlp.up]
    gateAndUp = LinearGroup(inputs, mode: mode)
    down = LinearGroup([weights.mlp.down], mode: mode)
    guard let experts = weights.experts, let sizes = config.experts else {
      mixture = nil
      return
    }
    mixture = Mixture(
      weights: experts, sizes: sizes, router: LinearGroup([experts.router], mode: mode),
      gateUpAndRouter: LinearGroup(inputs + [experts.router], mode: mode))
  }

  /// gate = act(gate) ⊙ up, of some columns of a row.
  func activate(_ work: LayerBuffers, row: Int, columns: Range<Int>) {
    kernels.activate(
      work.gate[row].part(columns), activation, times: work.up[row].part(columns))
  }
}

extension FeedForward.Mixture {
  /// down_e · h for some of a few tokens' experts, and up_e.
  ///
  /// - Parameters:
  ///   - items: token · experts per token + rank, with tokens counted from the first of the few.
  ///   - h: their normalized rows `[tokens, d]`.
  ///   - first: the row of h of the first of them.
  ///   - choices: the experts of the rows of h.
  ///   - fetched: gets both.
  ///   - kernels: compute it.
  func score(
    _ items: Range<Int>, _ h: FloatMatrix, from first: Int, _ choices: ExpertChoices,
    into fetched: ExpertRows, _ kernels: KernelSet
  ) {
    for item in items {
      let (index, rank) = item.quotientAndRemainder(dividingBy: choices.perToken)
      let expert = choices.expert(first + index, rank)
      let row = fetched.rows[item]
      kernels.row(expert, of: weights.downEmbed.weight, into: row)
      fetched.scores[index][rank] = kernels.dot(row, h[first + index])
      kernels.row(expert, of: weights.upEmbed.weight, into: row)
    }
  }
}
