import ByteIO
import Diagnostics
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore

/// Writes models as `.kibble` files, and back.
///
/// The threads and kernels decide how fast it goes, never what is written. Inputs and outputs are
/// streamed: what is resident at a time does not grow with the model.
public struct Converter: Sendable {
  let compute: Compute
  let progress: any ProgressSink
  /// What encoding is called in reports of progress.
  private(set) var encodingPhase = "writing"

  /// A converter that works on those threads with those kernels.
  public init(compute: Compute, progress: any ProgressSink = NoProgress()) {
    self.compute = compute
    self.progress = progress
  }

  /// The same converter, without a word to anybody.
  var silent: Converter { Converter(compute: compute) }

  /// Writes a planned conversion to a file, which appears under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - plan: what to write.
  ///   - path: where the file shall be.
  ///   - overwrite: whether the path may hold a file, which is then replaced.
  /// - Returns: what was written.
  /// - Throws: what is wrong with input or output; all errors are `Diagnosable`. The path then
  ///   holds what it held.
  public func write(
    _ plan: ConversionPlan, to path: String, overwrite: Bool = false
  ) throws -> ConversionReport {
    try write(plan, to: path, overwrite: overwrite) { _ in }
  }

  /// The same, where `encode` encodes some of the tensors first, in its own way.
  package func write(
    _ plan: ConversionPlan, to path: String, overwrite: Bool = false,
    encode: (ConversionOutput) throws -> Void
  ) throws -> ConversionReport {
    let inputs = plan.source.identities
    try AtomicFile.check(path, overwrite: overwrite, inputs: inputs)
    let facts = try read(plan.source)
    let file = try AtomicFile(
      path: path, expectedBytes: plan.fileLength, overwrite: overwrite, inputs: inputs)
    let output = ConversionOutput(plan, facts, to: file.sink, self)
    try encode(output)
    try output.encodeRest()
    let report = try output.finish(output: path)
    try progress.checkCancellation()
    try plan.source.checkUnchanged()
    try file.commit()
    return report
  }

  /// Makes the same bytes in memory.
  ///
  /// - Parameter plan: what to make.
  /// - Returns: the model, as if the file had been written and opened, and what it holds.
  /// - Throws: what is wrong with the input; all errors are `Diagnosable`.
  public func load(
    _ plan: ConversionPlan
  ) throws -> (model: StoredModel, report: ConversionReport) {
    try load(plan) { _ in }
  }

  /// The same, where `encode` encodes some of the tensors first, in its own way.
  package func load(
    _ plan: ConversionPlan, encode: (ConversionOutput) throws -> Void
  ) throws -> (model: StoredModel, report: ConversionReport) {
    let facts = try read(plan.source)
    let memory = try MemoryBuffer(count: plan.fileLength)
    var loader = self
    loader.encodingPhase = "loading"
    let output = ConversionOutput(plan, facts, to: memory, loader)
    try encode(output)
    try output.encodeRest()
    let report = try output.finish(output: nil)
    try plan.source.checkUnchanged()
    let file = try KibbleFile(region: memory, path: plan.source.path)
    return (try StoredModel(file: file), report)
  }

  /// A model as a `.kibble` file: itself, or a checkpoint's weights in memory, each tensor in the
  /// type that it has there.
  ///
  /// - Parameters:
  ///   - source: the model.
  ///   - toolVersion: the version of the program, for the metadata.
  /// - Returns: the model.
  /// - Throws: what is wrong with the input; all errors are `Diagnosable`.
  public func open(_ source: ModelSource, toolVersion: String) throws -> StoredModel {
    switch source {
    case .kibble(let model): return model
    case .checkpoint:
      let plan = try ConversionPlan(
        source: source, recipe: EncodingRecipe(target: .source), toolVersion: toolVersion,
        compressesBlobs: false)
      return try load(plan).model
    }
  }
}
