import DogeArchitecture
import DogeModel
import Kernels

/// How a model compares with a golden file.
public struct GoldenComparison: Sendable {
  /// How the model's logits compare with the file's, which are the reference.
  public let statistics: ComparisonStatistics
  /// The largest |Δ| of each hidden state, where the file has them: embedding, then each block.
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
    let ownStepwise = stepwise && hasStepwiseLogits
    // Hidden states are those of a single call; stepwise may differ from it by intention.
    let states: [HiddenState] =
      hasHidden && !ownStepwise
      ? [.embedding] + (0..<config.layerCount).map { .feedForward(layer: $0) } : []
    var positions: [Position] = []
    var differences = states.map { _ in 0.0 }
    for sequence in sequences {
      let golden =
        try (stepwise ? sequence.stepwiseLogits(config, compute: compute) : nil)
        ?? sequence.logits(config, compute: compute)
      let trace = try LogitTrace(
        model, tokens: sequence.inputIDs, stepwise: stepwise, routing: routing,
        hidden: !states.isEmpty)
      let compared = comparePositions(
        golden, trace.logits, next: sequence.inputIDs.dropFirst().map { $0 } + [nil], compute)
      if !compared.areFinite {
        try trace.logits.checkFinite(path: model.path, sequence: sequence.number, compute)
      }
      positions += compared
      for (index, state) in states.enumerated() {
        guard let golden = try sequence.hidden(state, config, compute: compute) else { continue }
        for row in 0..<golden.rows {
          differences[index] = largest(
            [differences[index]]
              + zip(trace.hidden[index].row(row), golden.row(row)).map {
                abs(Double($0) - Double($1))
              })
        }
      }
    }
    return GoldenComparison(
      statistics: ComparisonStatistics(positions, vocabulary: config.vocabularySize),
      hidden: zip(states.indices, differences).map {
        ($0 == 0 ? "embedding" : "layers.\($0 - 1)", $1)
      })
  }
}
