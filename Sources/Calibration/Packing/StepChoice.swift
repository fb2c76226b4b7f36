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
  /// What errors of rows cost.
  let weights: RowWeights

  /// The steps of a matrix; nil where it is stored in another way.
  func steps(
    of tensor: PlannedTensor, _ record: PlannedRecord, _ matrix: MatrixRounding,
    _ metric: RoundingMetric, _ pool: ThreadPool
  ) -> MatrixSteps? {
    guard record.isPacked, let rows = weights.rows(of: tensor, record.tensor, metric) else {
      return nil
    }
    let columns = metric.steps(record.geometry.columns)
    return MatrixSteps(
      record.geometry, rows: rows.map { step / $0.squareRoot() }, columns: columns,
      magnitudes: matrix.magnitudes(pool))
  }
}

extension PlannedRecord {
  /// Whether its codes are chosen to be packed: those of a whole matrix.
  fileprivate var isPacked: Bool {
    geometry.type == .int8 && geometry.groupSize == 32 && shape[0] == rows.upperBound
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
