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
      quantized, plan: plan, records: plan.records.indices.filter(plan.isRounded),
      reference: reference, sequences: sequences, compute: compute, progress: progress)
    try progress.phase("tuning", total: steps, unit: .items) { try tuner.run(steps: steps) }
    let resident = try ResidentModel(plan, converter: converter)
    for (record, values, rounded) in tuner.results(reference: reference) {
      let tensor = plan.records[record].tensor
      let stored = resident.values(of: tensor)
      let planned = plan.records[record]
      for (place, row) in zip(planned.rows, plan.rows(of: planned)) {
        stored[place].copy(values[row])
      }
      try output.encode(record, rounded, from: resident)
      resident.drop([tensor])
    }
    return warnings
  }
}
