import Conversion
import Diagnostics
import DogeArchitecture
import Gradients
import Kernels
import ModelFile
import TensorCore

/// What errors of the rows of a model's matrices cost beside those of other rows and matrices: the
/// second moments of the gradients of their outputs.
struct RowWeights: Sendable {
  /// E[g²] of each matrix's outputs, by its index in the plan.
  let outputs: [Int: [Double]]
  /// The same of an element of the embedding's output.
  let embeddingOutput: Double
  /// How often each token is an input, as a part of all.
  let occurrences: [Double]
  /// Whether the embedding serves as head.
  let isTied: Bool

  /// No row counts less than this part of the mean.
  private static let leastPart = 1e-3

  /// What errors of a matrix's rows cost beside those of its inputs, all above 0.
  ///
  /// - Parameters:
  ///   - tensor: the matrix.
  ///   - index: its index in the plan.
  ///   - metric: what errors of its inputs cost.
  /// - Returns: a weight for each row; nil where nothing is known of them.
  func rows(of tensor: PlannedTensor, _ index: Int, _ metric: RoundingMetric) -> [Double]? {
    guard let rows = moments(of: tensor, index, metric) else { return nil }
    let mean = rows.reduce(0, +) / Double(rows.count)
    guard mean > 0, mean.isFinite else { return nil }
    return rows.map { max($0, Self.leastPart * mean) }
  }

  private func moments(
    of tensor: PlannedTensor, _ index: Int, _ metric: RoundingMetric
  ) -> [Double]? {
    switch tensor.spec.role {
    case .embedding where isTied:
      // An error of what is looked up costs its square, of what is multiplied by H.
      let perInput = embeddingOutput / max(metric.coupling?.meanSquare ?? 1, 1e-30)
      return outputs[index].map { zip($0.halfMean, occurrences).map { $0 + $1 * perInput } }
    case .embedding:
      return occurrences.halfMean.map { $0 * embeddingOutput }
    case .head, .downEmbed, .upEmbed:
      // Few tokens tell of each of many rows.
      return outputs[index]?.halfMean
    default:
      return outputs[index]
    }
  }
}

extension Calibrator {
  /// As many tokens say how much outputs are worth.
  private static let tokensToWeigh = 8192
  /// The most multiplications that this should take, where that leaves a few hundred tokens.
  private static let mostWork = 6_000_000_000_000

  /// Measures how much each output of a model is worth.
  func rowWeights(_ plan: ConversionPlan, _ sequences: [[Int]]) throws -> RowWeights {
    let floats = try converter.load(plan.inFloat32()).model
    let moments = OutputMoments()
    let perToken = 6 * plan.parameterCount
    let some = sequences.spread(
      tokens: max(512, min(Self.tokensToWeigh, Self.mostWork / perToken)))
    let total = some.reduce(0) { $0 + $1.count }
    try progress.phase("weighing outputs", total: total, unit: .tokens) {
      let model = DifferentiableModel(floats, compute: compute)
      var random = SplitMix64(state: 0)
      for sequence in some {
        try progress.checkCancellation()
        try model.addMoments(of: sequence, &random, to: moments)
        progress.report(.advanced(by: sequence.count))
      }
    }
    var occurrences = [Double](repeating: 0, count: plan.source.config.vocabularySize)
    let tokens = sequences.reduce(0) { $0 + $1.count }
    for token in sequences.joined() { occurrences[token] += 1 / Double(tokens) }
    let outputs = plan.tensors.indices.compactMap { index in
      moments.outputs(of: index).map { (index, $0) }
    }
    return RowWeights(
      outputs: Dictionary(uniqueKeysWithValues: outputs),
      embeddingOutput: moments.embeddingOutput, occurrences: occurrences,
      isTied: plan.source.layout.tied)
  }
}

extension [[Int]] {
  /// Some of the sequences, evenly spread, with about so many tokens; all where they have fewer.
  func spread(tokens most: Int) -> [[Int]] {
    let total = reduce(0) { $0 + $1.count }
    let wanted = Swift.max(
      1, Int((Double(count) * Double(most) / Double(Swift.max(1, total))).rounded()))
    guard wanted < count else { return self }
    return (0..<wanted).map { self[$0 * count / wanted] }
  }
}

extension [Double] {
  /// Each halfway between itself and the mean.
  fileprivate var halfMean: [Double] {
    let mean = reduce(0, +) / Double(Swift.max(1, count))
    return map { 0.5 * ($0 + mean) }
  }
}
