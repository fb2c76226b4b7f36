import ByteIO
import Calibration
import Conversion
import Diagnostics
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import ToolSupport

/// The kernels and threads of a command, and the models that run on them.
struct Runtime {
  let compute: Compute
  let converter: Converter

  /// Processors that this process may use: those of its affinity, within its quota.
  static var processors: Int { min(Processors.available, ProcessorQuota.processors ?? .max) }

  /// Whether a `.kibble` file's checksums are verified when it is opened.
  private let verifiesChecksums: Bool
  private let progress: any ProgressSink
  private let warn: @Sendable (_ ofCheckpoint: [String]) -> Void

  /// A log has lines about the loading of models only where that is wanted.
  init(
    _ context: CommandContext, showsLoading: Bool = true, verifiesChecksums: Bool = false
  ) throws {
    // The option's choices are the raw values.
    compute = try Compute(
      isa: context.isa.flatMap(InstructionSet.init(rawValue:)),
      threads: context.threads ?? Self.processors)
    progress =
      showsLoading || context.terminal.showsBar ? context.progress : Unseen(context.progress)
    converter = Converter(compute: compute, progress: progress)
    self.verifiesChecksums = verifiesChecksums
    warn = { context.warn(ofCheckpoint: $0) }
  }

  /// Opens a model: a `.kibble` file is mapped, a checkpoint is laid out in memory as `convert`
  /// would write it.
  func model(
    _ path: String, mode: ComputeMode = .exact, cache: KVCacheType? = nil
  ) throws -> DogeModel {
    try model(ModelSource.open(path: path), mode: mode, cache: cache)
  }

  /// The same for a model that is open already.
  func model(
    _ source: ModelSource, mode: ComputeMode = .exact, cache: KVCacheType? = nil
  ) throws -> DogeModel {
    try model(stored(source), mode: mode, cache: cache)
  }

  /// The same for bytes that may serve several models.
  func model(_ stored: StoredModel, mode: ComputeMode, cache: KVCacheType? = nil) -> DogeModel {
    DogeModel(stored, compute: compute, mode: mode, cache: cache)
  }

  /// What rounds models with some tokens in view.
  func calibrator(_ context: CommandContext) -> Calibrator {
    Calibrator(converter: converter, compute: compute, progress: context.progress)
  }

  /// A model as a `.kibble` file, in memory if need be.
  func stored(_ source: ModelSource) throws -> StoredModel {
    warn(source.warnings)
    if verifiesChecksums, case .kibble(let model) = source {
      try model.file.checkSums(progress: progress)
    }
    return try converter.open(source, toolVersion: toolVersion)
  }
}

extension CommandContext {
  /// Tells what is odd about a checkpoint, a sentence each.
  func warn(ofCheckpoint warnings: [String]) {
    for warning in warnings { warn(Warning(code: "checkpoint.warning", warning)) }
  }
}

/// Progress that nobody sees, of work that can be interrupted.
private struct Unseen: ProgressSink {
  private let sink: any ProgressSink

  init(_ sink: any ProgressSink) { self.sink = sink }

  func report(_ event: ProgressEvent) {}
  var isCancelled: Bool { sink.isCancelled }
}
