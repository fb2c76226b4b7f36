import ByteIO
import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import Parallel
import Quantization
import TensorCore

/// Chooses codes and scales by what a model does with some tokens (formats/numerics.md, section 5).
///
/// Block after block, each matrix is rounded so that its outputs change least for the inputs that
/// it gets from the matrices before it, as those were rounded.
public struct Calibrator: Sendable {
  private let converter: Converter
  private let kernels: KernelSet
  private let pool: ThreadPool
  private let progress: any ProgressSink

  /// A calibrator that works on those threads with those kernels.
  public init(
    converter: Converter, pool: ThreadPool, kernels: KernelSet,
    progress: any ProgressSink = NoProgress()
  ) {
    self.converter = converter
    self.kernels = kernels
    self.pool = pool
    self.progress = progress
  }

  /// Rounds the matrices of a plan that are multiplied and quantized.
  ///
  /// - Parameters:
  ///   - plan: what will be written.
  ///   - sequences: tokens, each sequence from an empty cache; none may be empty.
  /// - Returns: the rounded model, and what one should know about it, a sentence each.
  /// - Throws: what is wrong with the model or the tokens, or `Interruption`.
  package func round(
    _ plan: ConversionPlan, sequences: [[Int]]
  ) throws -> (model: RoundedModel, warnings: [String]) {
    let floats = try ConversionPlan(
      source: plan.source, recipe: EncodingRecipe(target: .weights(.f32)),
      toolVersion: plan.toolVersion)
    let file = try converter.load(floats).file
    guard let memory = file.region as? MemoryBuffer else {
      preconditionFailure("what is loaded lies in memory")
    }
    let tap = InputTap()
    let model = try DogeModel(file: file, kernels: kernels, pool: pool, tap: tap)
    let run = CalibrationRun(
      plan: plan, file: file, memory: memory, model: model, tap: tap, sequences: sequences,
      kernels: kernels, pool: pool, progress: progress)
    let tokens = sequences.reduce(0) { $0 + $1.count }
    try progress.phase(
      "calibrating", total: tokens * (2 * model.config.layerCount), unit: .tokens
    ) {
      try run.roundAll()
    }
    return (RoundedModel(file: file, tensors: run.rounded), run.warnings)
  }
}
