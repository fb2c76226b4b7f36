import Conversion
import Diagnostics
import Kernels
import KibbleFormat
import ModelFile
import Quantization

/// Chooses codes and scales by what a model does with some tokens (formats/numerics.md, section 5).
///
/// Block after block, each matrix is rounded so that its outputs change least for the inputs that
/// it gets from the matrices before it, as those were rounded. One block is in memory at a time.
public struct Calibrator: Sendable {
  let converter: Converter
  let compute: Compute
  let progress: any ProgressSink

  /// A calibrator that works with those kernels and threads.
  ///
  /// - Parameters:
  ///   - converter: reads and writes models.
  ///   - compute: what computes; it decides how fast it goes, never what is written.
  ///   - progress: where progress goes.
  public init(
    converter: Converter, compute: Compute, progress: any ProgressSink = NoProgress()
  ) {
    self.converter = converter
    self.compute = compute
    self.progress = progress
  }

  /// Writes a planned conversion whose matrices are rounded for some tokens.
  ///
  /// - Parameters:
  ///   - plan: what to write.
  ///   - sequences: tokens, each sequence from an empty cache; none may be empty.
  ///   - path: where the file shall be.
  ///   - overwrite: whether the path may hold a file, which is then replaced.
  ///   - statePath: a file that keeps the matrices rounded so far, each as soon as it is done.
  ///     Where the same run left it, they are not rounded again; it is removed when all is written.
  /// - Returns: what was written, and what one should know about it, a sentence each.
  /// - Throws: what is wrong with the model, the tokens, the output or the state, or
  ///   `Interruption`; the path then holds what it held.
  public func write(
    _ plan: ConversionPlan, sequences: [[Int]], to path: String, overwrite: Bool = false,
    statePath: String? = nil
  ) throws -> (report: ConversionReport, warnings: [String]) {
    try Self.checkState(statePath)
    var warnings: [String] = []
    var state: CalibrationState?
    let report = try converter.write(plan, to: path, overwrite: overwrite) { output in
      state = try open(statePath, plan, sequences, output)
      warnings = try encode(plan, sequences, output, state)
    }
    if let warning = state?.remove() { warnings.append(warning) }
    return (report, warnings)
  }

  /// Makes the same bytes in memory.
  package func load(
    _ plan: ConversionPlan, sequences: [[Int]]
  ) throws -> (model: StoredModel, report: ConversionReport, warnings: [String]) {
    var warnings: [String] = []
    let (model, report) = try converter.load(plan) { output in
      warnings = try encode(plan, sequences, output, nil)
    }
    return (model, report, warnings)
  }

  /// Refuses a file that cannot be a state, before any work is done; there need not be one.
  ///
  /// - Parameter path: the file, if there is to be one.
  /// - Throws: `CalibrationError` where it holds something else, or `FileError`.
  public static func checkState(_ path: String?) throws {
    if let path { try CalibrationState.check(path: path) }
  }

  private func open(
    _ path: String?, _ plan: ConversionPlan, _ sequences: [[Int]], _ output: ConversionOutput
  ) throws -> CalibrationState? {
    try path.map {
      try CalibrationState(
        path: $0, identity: output.identity, plan: plan, sequences: sequences)
    }
  }

  /// Encodes what is rounded or, with steps of tuning, tuned.
  private func encode(
    _ plan: ConversionPlan, _ sequences: [[Int]], _ output: ConversionOutput,
    _ state: CalibrationState?
  ) throws -> [String] {
    guard plan.recipe.tuningSteps > 0 else { return try round(plan, sequences, output, state) }
    return try tune(plan, sequences, output, state)
  }

  /// Rounds the matrices that are multiplied or looked up, block after block.
  func round(
    _ plan: ConversionPlan, _ sequences: [[Int]], _ output: ConversionOutput,
    _ state: CalibrationState?
  ) throws -> [String] {
    let stream = try stream(plan, sequences)
    let run = CalibrationRun(
      stream, output: output, state: state, compute: compute, progress: progress)
    try progress.phase("calibrating", total: run.work, unit: .multiplyAdds) {
      try run.roundAll()
    }
    return (state?.warnings ?? []) + run.warnings
  }

  /// A model in memory block by block, and tokens to run it on.
  func stream(_ plan: ConversionPlan, _ sequences: [[Int]]) throws -> StreamedModel {
    try StreamedModel(
      plan, resident: ResidentModel(plan, converter: converter), sequences: sequences,
      compute: compute, progress: progress)
  }
}
