import DogeArchitecture
import DogeModel
import Kernels

/// How a model compares with a golden file.
public struct GoldenComparison: Sendable {
  /// How the model's logits compare with the file's, which are the reference.
  public let statistics: ComparisonStatistics
  /// How its hidden states compare, where the file has some.
  public let layers: LayerReport?
  /// The largest |Δ| of each block's output, where the file has them: embedding, then each block.
  public let hidden: [(name: String, maxAbsDifference: Double)]
}

extension Golden {
  /// Runs a model on the file's sequences, each from an empty cache, and compares.
  ///
  /// - Parameters:
  ///   - model: the model that is judged.
  ///   - stepwise: one token at a time, against `logits_stepwise` where the file has it.
  ///   - routing: how experts are chosen.
  ///   - compute: what compares.
  /// - Returns: the differences of logits and of hidden states.
  /// - Throws: `VerificationError` for a tensor that is missing or of another shape, or for values
  ///   that are not finite.
  public func compare(
    _ model: DogeModel, stepwise: Bool, routing: ExpertRouting, compute: Compute
  ) throws -> GoldenComparison {
    let config = model.config
    try check(config)
    // Hidden states are those of a single call; stepwise may differ from it by intention.
    let hasStates = (hasHidden || hasHiddenAttention) && !(stepwise && hasStepwiseLogits)
    var statistics = ComparisonAccumulator(vocabulary: config.vocabularySize)
    var layers = LayerErrors(compute)
    for sequence in sequences {
      try sequence.checkFinite(config, compute: compute)
      let golden =
        try (stepwise ? sequence.stepwiseLogits(config, compute: compute) : nil)
        ?? sequence.logits(config, compute: compute)
      let trace = try LogitTrace(
        model, tokens: sequence.inputIDs, stepwise: stepwise, routing: routing, hidden: hasStates)
      let compared = [PositionComparison](
        golden, trace.logits, next: sequence.inputIDs.dropFirst().map { $0 } + [nil], compute)
      if !compared.areFinite {
        try trace.logits.checkFinite(path: model.path, sequence: sequence.number, compute)
      }
      statistics.add(compared, sequence: sequence.number, first: 0)
      if hasStates {
        try GoldenPass(
          sequence: sequence, model: model, trace: trace, routing: routing, compute: compute
        ).add(to: &layers)
      }
    }
    let report =
      hasStates
      ? LayerReport(layers) { state in
        // Those who compute in half precision round in every step.
        let unit = hiddenRoundingUnit
        return max(
          model.roundingUnit(of: state, sinceCheckpoint: true),
          unit > 0x1p-24 ? 16 * unit : unit)
      } : nil
    return GoldenComparison(
      statistics: statistics.statistics, layers: report,
      hidden: (report?.errors ?? []).compactMap { error in
        switch error.state {
        case .embedding: ("embedding", error.maxAbsDifference)
        case .attention: nil
        case .feedForward(let layer): ("layers.\(layer)", error.maxAbsDifference)
        }
      })
  }
}

/// Compares a model's hidden states with those of a golden file, over one sequence.
private struct GoldenPass {
  let sequence: GoldenSequence
  let model: DogeModel
  let trace: LogitTrace
  let routing: ExpertRouting
  let compute: Compute

  /// Each state against the file's, and each step alone from the file's state before it.
  ///
  /// Where the file has no states after attention, a block counts as one step.
  func add(to errors: inout LayerErrors) throws {
    let cache = model.makeCache(maximum: sequence.inputIDs.count)
    let workspace = Workspace()
    /// The last state that the file has, and the steps since then.
    var before: FloatMatrix?
    var steps: [HiddenState] = []
    for state in [.embedding] + HiddenState.steps(of: model.config.layerCount) {
      if state != .embedding { steps.append(state) }
      guard let golden = try sequence.hidden(state, model.config, compute: compute) else {
        continue
      }
      errors.add(state, reference: golden, candidate: trace.state(state))
      if let before, !steps.isEmpty {
        let own = before.copy()
        for step in steps {
          try model.step(to: step, own, cache: cache, workspace: workspace, routing: routing)
        }
        errors.addOwn(
          state, reference: golden, candidate: own, input: before, gate: gate(past: steps))
      }
      (before, steps) = (golden, [])
    }
  }

  /// What a state is multiplied with on its way past some steps.
  private func gate(past steps: [HiddenState]) -> FloatMatrix {
    let product = model.residualGate(before: steps[0]).copy()
    for step in steps.dropFirst() {
      let gate = model.residualGate(before: step)
      for column in 0..<product.columns { product[0][column] *= gate[0][column] }
    }
    return product
  }
}

extension LogitTrace {
  /// One of the hidden states, which must have been asked for.
  fileprivate func state(_ state: HiddenState) -> FloatMatrix {
    switch state {
    case .embedding: hidden[0]
    case .attention(let layer): hiddenAttention[layer]
    case .feedForward(let layer): hidden[layer + 1]
    }
  }
}
