import Conversion
import Diagnostics
import Kernels
import Quantization

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
      quantized, tensors: plan.tensors.indices.filter { plan.tensors[$0].isRounded },
      reference: reference, sequences: sequences, compute: compute, progress: progress)
    try progress.phase("tuning", total: steps, unit: .items) { try tuner.run(steps: steps) }
    let resident = try ResidentModel(plan, converter: converter)
    for (index, values, rounded) in tuner.results(reference: reference) {
      let stored = resident.values(of: index)
      for row in 0..<values.rows { stored[row].copy(values[row]) }
      try output.encode(index, rounded, from: resident)
      resident.drop([index])
    }
    return warnings
  }
}
