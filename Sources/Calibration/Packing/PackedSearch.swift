import ByteIO
import Conversion
import Diagnostics
import DogeArchitecture
import Gradients
import Kernels
import KibbleFormat
import ModelFile
import PackedFormat
import Quantization
import TensorCore

extension Calibrator {
  /// Writes a packed file whose codes were chosen for that form.
  ///
  /// One Δ makes all steps (`StepChoice`); it is sought until the file is just within the budget.
  ///
  /// - Parameters:
  ///   - plan: a plan of type `packed`.
  ///   - budget: what the packed file may take.
  ///   - sequences: tokens, each sequence from an empty cache; none may be empty.
  ///   - path: where the file shall be.
  ///   - overwrite: whether the path may hold a file, which is then replaced.
  /// - Returns: what was written, and what one should know about it, a sentence each.
  /// - Throws: what is wrong with the model, the tokens or the output, or `Interruption`; the path
  ///   then holds what it held.
  public func writePacked(
    _ plan: ConversionPlan, under budget: SizeBudget, sequences: [[Int]], to path: String,
    overwrite: Bool = false
  ) throws -> (report: ConversionReport, warnings: [String]) {
    let inputs = plan.source.identities
    try AtomicFile.check(path, overwrite: overwrite, inputs: inputs)
    let weights = try rowWeights(plan, sequences)
    func choice(_ step: Double) -> StepChoice { StepChoice(step: step, weights: weights) }
    let few = sequences.spread(tokens: Self.tokensToSearch)
    var search = StepSearch(budget)
    while let step = search.next {
      let trial = try pack(plan, few, choice(step))
      search.note(step, size: budget.size(of: trial.packed, plan))
    }
    search.beginFinal()
    var result: PackedTrial?
    while let step = search.next {
      let trial = try pack(plan, sequences, choice(step))
      if search.note(step, size: budget.size(of: trial.packed, plan)) { result = trial }
    }
    guard let result else {
      throw ConversionError.budgetTooSmall(budget, smallest: budget.with(search.least))
    }
    let packed = result.packed
    let file = try AtomicFile(
      path: path, expectedBytes: packed.length, overwrite: overwrite, inputs: inputs)
    try packed.write(to: file.sink)
    try progress.checkCancellation()
    try plan.source.checkUnchanged()
    try file.commit()
    return (
      result.report.packed(
        to: path, bytes: packed.length, tensorBytes: packed.tensorBytes),
      result.warnings
    )
  }

  /// As many tokens say how large a file becomes.
  private static let tokensToSearch = 4096

  /// A model rounded by some Δ.
  private struct PackedTrial {
    let packed: Packer.Packed
    let report: ConversionReport
    let warnings: [String]
  }

  private func pack(
    _ plan: ConversionPlan, _ sequences: [[Int]], _ choice: StepChoice
  ) throws -> PackedTrial {
    var warnings: [String] = []
    let (model, report) = try converter.load(plan) { output in
      let stream = try stream(plan, sequences)
      let run = CalibrationRun(
        stream, output: output, state: nil, packing: choice, compute: compute, progress: progress)
      try progress.phase("calibrating", total: run.work, unit: .multiplyAdds) {
        try run.roundAll()
      }
      warnings = run.warnings
    }
    let packed = try Packer(compute.pool).pack(model.file, progress: progress)
    return PackedTrial(packed: packed, report: report, warnings: warnings)
  }
}

extension SizeBudget {
  /// What a packed file takes, in the unit of the budget.
  fileprivate func size(of packed: Packer.Packed, _ plan: ConversionPlan) -> Double {
    switch self {
    case .fileBytes: Double(packed.length)
    case .bitsPerWeight: Double(packed.tensorBytes) * 8 / Double(plan.parameterCount)
    }
  }

  /// A budget of that size.
  fileprivate func with(_ size: Double) -> SizeBudget {
    switch self {
    case .fileBytes: .fileBytes(Int(size))
    case .bitsPerWeight: .bitsPerWeight(size)
    }
  }

  /// The size in its unit.
  var size: Double {
    switch self {
    case .fileBytes(let bytes): Double(bytes)
    case .bitsPerWeight(let bits): bits
    }
  }
}
