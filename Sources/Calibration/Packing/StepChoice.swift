import Conversion
import DogeArchitecture
import Gradients
import Kernels
import Parallel
import Quantization
import TensorCore

/// Gives the matrices of a model the steps of their codes.
///
/// Codes that are entropy-coded cost what they hold, so that a finer step costs bits and a coarser one
/// quality: by reverse waterfilling every weight should cost the same at the output. With H the second
/// moments of a matrix's inputs and g² those of the gradients of its outputs, an error e of row r and
/// column c costs g²_r e² / U²_cc behind compensation, D⁻¹ = UᵀU. So a step is Δ · U_cc / g_r, with one Δ
/// for the model (WaterSIC, arXiv 2603.04956; rows as in YAQA, arXiv 2505.22988).
struct StepChoice: Sendable {
  /// The Δ of the model.
  let step: Double
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

  /// The steps of a matrix; nil where it is stored in another way.
  func steps(
    of tensor: PlannedTensor, _ record: PlannedRecord, _ matrix: MatrixRounding,
    _ metric: RoundingMetric, _ pool: ThreadPool
  ) -> MatrixSteps? {
    guard record.isPacked, let rows = rowWeights(tensor, record.tensor, metric) else { return nil }
    let mean = rows.reduce(0, +) / Double(rows.count)
    guard mean > 0, mean.isFinite else { return nil }
    let columns = metric.steps(record.geometry.columns)
    return MatrixSteps(
      record.geometry,
      rows: rows.map { step / max($0, Self.leastPart * mean).squareRoot() }, columns: columns,
      magnitudes: matrix.magnitudes(pool))
  }

  /// What errors of a matrix's rows cost beside those of its inputs.
  private func rowWeights(
    _ tensor: PlannedTensor, _ index: Int, _ metric: RoundingMetric
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

extension PlannedRecord {
  /// Whether its codes are chosen to be packed: those of a whole matrix.
  fileprivate var isPacked: Bool {
    geometry.type == .int8 && geometry.groupSize == 32 && shape[0] == rows.upperBound
  }
}

extension [Double] {
  /// Each halfway between itself and the mean.
  fileprivate var halfMean: [Double] {
    let mean = reduce(0, +) / Double(Swift.max(1, count))
    return map { 0.5 * ($0 + mean) }
  }
}

extension RoundingMetric {
  /// U_cc of each column, an input's square counted as its mean over tokens.
  fileprivate func steps(_ columns: Int) -> [Double] {
    guard let coupling else { return [Double](repeating: 1, count: columns) }
    let meanSquare = coupling.meanSquare > 0 ? coupling.meanSquare : 1
    return coupling.cost.map { 1 / (Double($0) * meanSquare).squareRoot() }
  }
}
