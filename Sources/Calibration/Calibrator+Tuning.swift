import Conversion
import Diagnostics
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore

extension Calibrator {
  /// Rounds a plan's matrices, tunes their codes and scales, and encodes them.
  ///
  /// All of the model is in memory meanwhile, several times over.
  func tune(
    _ plan: ConversionPlan, _ sequences: [[Int]], _ output: ConversionOutput,
    _ state: CalibrationState?
  ) throws -> [String] {
    let steps = plan.recipe.tuningSteps
    var warnings: [String] = []
    let quantized = try converter.load(plan) { output in
      warnings = try round(plan, sequences, output, state)
    }.model
    let reference = try converter.load(plan.inFloat32()).model
    let tuner = Tuner(
      quantized, numbers: plan.tensors.indices.filter { plan.tensors[$0].isRounded },
      reference: reference, sequences: sequences, kernels: kernels, pool: pool,
      progress: progress)
    try progress.phase("tuning", total: steps, unit: .items) { try tuner.run(steps: steps) }
    let resident = try ResidentModel(plan, converter: converter)
    for (number, values, rounded) in tuner.results(reference: reference, kernels: kernels) {
      resident.store(values, number: number)
      try output.encode(number, rounded, from: resident)
      resident.drop([number])
    }
    return warnings
  }
}

extension ResidentModel {
  /// Stores the values of a tensor, `[rows, columns]`.
  fileprivate func store(_ values: FloatMatrix, number: Int) {
    let geometry = stored.tensors[number].record.geometry
    for row in 0..<values.rows {
      let out = unsafe self.values(of: number) + geometry.firstFloat(of: row)
      for column in 0..<values.columns {
        unsafe out[column * geometry.floatStride] = values[row][column]
      }
    }
  }
}
