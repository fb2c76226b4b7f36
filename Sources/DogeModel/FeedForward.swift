import DogeArchitecture
import Kernels
import Parallel

/// The gated MLP, and with experts the Cross Domain Mixture of Experts around it.
///
///     MLP(h) = W_down (act(W_gate h) ⊙ W_up h)
///     CDMoE(h) = MLP(h) + Σ_e act(down_e · h) · w_e · up_e
final class FeedForward: Sendable {
  private let layer: LayerCompute
  private let activation: ActivationFunction
  private let inputs: LinearGroup
  private let outputs: LinearGroup
  private let mixture: Mixture?

  /// What a model with experts has beside the MLP.
  private struct Mixture: Sendable {
    let weights: ExpertWeights<Linear>
    let sizes: MixtureOfExperts
    let router: LinearGroup
    /// Gate, up and the router, which read the same rows.
    let inputsAndRouter: LinearGroup
  }

  init(_ weights: BlockWeights<Linear>, config: DogeConfig, mode: ComputeMode, layer: LayerCompute)
  {
    self.layer = layer
    activation = config.activation.function
    let gateAndUp = [weights.mlp.gate, weights.mlp.up]
    inputs = LinearGroup(gateAndUp, mode: mode)
    outputs = LinearGroup([weights.mlp.down], mode: mode)
    guard let experts = weights.experts, let sizes = config.experts else {
      mixture = nil
      return
    }
    mixture = Mixture(
      weights: experts, sizes: sizes, router: LinearGroup([experts.router], mode: mode),
      inputsAndRouter: LinearGroup(gateAndUp + [experts.router], mode: mode))
  }

  /// y = FeedForward(h) for a block of tokens.
  ///
  /// - Parameters:
  ///   - h: the block's normalized rows `[tokens, d]`.
  ///   - y: where the result goes, `[tokens, d]`.
  ///   - tokens: how many rows.
  ///   - routing: how experts are chosen.
  ///   - chosen: the experts of the call's tokens, from `chooseExperts`; nil where the block is the
  ///     whole call, and chooses its own.
  ///   - first: the block's first token in the call.
  ///   - work: memory that is used meanwhile.
  func run(
    _ h: FloatMatrix, into y: ProductOutputs, tokens: Int, routing: ExpertRouting,
    chosen: ExpertChoices?, first: Int, _ work: LayerBuffers
  ) {
    guard let mixture else {
      layer.project(h, rows: tokens, by: inputs, work, into: work.gateAndUp)
      return finishMLP(into: y, tokens: tokens, work)
    }
    let choices: ExpertChoices
    if let chosen {
      layer.project(h, rows: tokens, by: inputs, work, into: work.gateAndUp)
      choices = chosen
    } else {
      layer.project(
        h, rows: tokens, by: mixture.inputsAndRouter, work, into: work.gateUpAndRouter)
      choices = choose(mixture.sizes, work.routerScores, tokens: tokens, routing, work)
    }
    finishMLP(into: y, tokens: tokens, work)
    for begin in stride(from: 0, to: tokens, by: LayerBuffers.expertTokens) {
      let end = min(begin + LayerBuffers.expertTokens, tokens)
      addExperts(
        mixture.weights, h, to: y.matrices[0], tokens: begin..<end, choices, first: first, work)
    }
  }

  /// W_down (act(gate) ⊙ up), of what the input matrices gave.
  private func finishMLP(into y: ProductOutputs, tokens: Int, _ work: LayerBuffers) {
    layer.compute.activate(work.gate, activation, times: work.up, rows: tokens)
    layer.project(work.gate, rows: tokens, by: outputs, work, into: y)
  }

  // MARK: experts

  /// Chooses the experts of a call's tokens by the router's output `[tokens, 2K]`.
  private func choose(
    _ sizes: MixtureOfExperts, _ scores: FloatMatrix, tokens: Int, _ routing: ExpertRouting,
    _ work: LayerBuffers
  ) -> ExpertChoices {
    let choices = work.expertChoices(tokens: tokens, perToken: sizes.perToken)
    ExpertRouter(keyCount: sizes.keyCount, routing: routing, scores: scores, tokens: tokens)
      .choose(into: choices, on: layer.compute.pool)
    layer.tap?.show(choices, tokens: tokens)
    return choices
  }

  /// Chooses the experts of a call of several blocks: `hf` routing mixes all its tokens.
  ///
  /// - Parameters:
  ///   - tokens: of the call.
  ///   - routing: how experts are chosen.
  ///   - work: memory that is used meanwhile.
  ///   - blocks: calls its argument for each block in order, with the block's normalized rows.
  /// - Returns: the choices; nil for a model without experts.
  func chooseExperts(
    tokens: Int, routing: ExpertRouting, _ work: LayerBuffers,
    blocks: (_ body: (_ rows: Range<Int>, _ h: FloatMatrix) -> Void) -> Void
  ) -> ExpertChoices? {
    guard let mixture else { return nil }
    let scores = FloatMatrix(rows: tokens, columns: 2 * mixture.sizes.keyCount)
    blocks { rows, h in
      layer.project(h, rows: rows.count, by: mixture.router, work, into: work.routerOutput)
      for row in rows { scores[row].copy(work.routerScores[row - rows.lowerBound]) }
    }
    return choose(mixture.sizes, scores, tokens: tokens, routing, work)
  }

  /// y += Σ_e act(down_e · h) · w_e · up_e for a few of the block's rows.
  private func addExperts(
    _ experts: ExpertWeights<Linear>, _ h: FloatMatrix, to y: FloatMatrix, tokens: Range<Int>,
    _ choices: ExpertChoices, first: Int, _ work: LayerBuffers
  ) {
    let compute = layer.compute
    let kernels = compute.kernels
    let perToken = choices.perToken
    // down_e · h for every token and expert, whose up_e then takes the place of down_e.
    compute.pool.forRanges(of: tokens.count * perToken) { part in
      for item in part {
        let (index, rank) = item.quotientAndRemainder(dividingBy: perToken)
        let token = tokens.lowerBound + index
        let expert = choices.expert(first + token, rank)
        let row = work.expertRows[item]
        kernels.row(expert, of: experts.downEmbed.weight, into: row)
        work.expertScores[index][rank] = kernels.dot(row, h[token])
        kernels.row(expert, of: experts.upEmbed.weight, into: row)
      }
    }
    compute.pool.forRanges(of: tokens.count) { part in
      for index in part {
        let token = tokens.lowerBound + index
        let scores = work.expertScores[index]
        let sum = work.expertSums[index]
        kernels.activate(scores, activation, times: choices.weights[first + token])
        sum.fill(0)
        for rank in 0..<perToken {
          kernels.axpy(scores[rank], work.expertRows[index * perToken + rank], into: sum)
        }
        kernels.add(sum, to: y[token])
      }
    }
  }
}
