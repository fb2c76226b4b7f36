import ByteIO
import Diagnostics
import DogeArchitecture
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// The layout that an export has.
public enum ExportLayout: String, CaseIterable, Sendable {
  /// The one that the model's checkpoint had, names and all.
  case own
  /// That of transformers' own Doge, which needs no code beside it.
  case current
}

/// What an export wrote.
public struct ExportReport: Sendable {
  /// The folder.
  public let folder: String
  /// The type of the weights.
  public let type: WeightType
  /// Bytes of model.safetensors.
  public let bytes: Int
  /// The number of tensors.
  public let tensorCount: Int
  /// The number of weights, a tied head not counted.
  public let parameterCount: Int
  /// The names of the files, model.safetensors first.
  public let files: [String]
  /// In what the result is not the same model; one sentence each.
  public let notes: [String]
}

extension Converter {
  /// Writes a model as a Hugging Face folder: the values that it runs with, and the files that it
  /// carries along.
  ///
  /// - Parameters:
  ///   - model: the model; quantized weights are written as the floats that they stand for.
  ///   - folder: where the folder shall be.
  ///   - layout: which layout and names the tensors get.
  ///   - type: f32, which is exact, or f16 or bf16, which round; a value that is too large for the
  ///     type is an error.
  ///   - overwrite: whether a folder of an earlier export may be replaced.
  /// - Returns: what was written.
  /// - Throws: what is wrong with input or output; all errors are `Diagnosable`. The path then
  ///   holds what it held.
  public func export(
    _ model: StoredModel, to folder: String, layout: ExportLayout = .own, type: WeightType = .f32,
    overwrite: Bool = false
  ) throws -> ExportReport {
    let plan = try ExportPlan(of: model, layout: layout, type: type, kernels: compute.kernels)
    return try export(model, plan, to: folder, overwrite: overwrite)
  }

  /// The same of a model that was planned before; `checking` sees the complete folder under a
  /// temporary name, and where it throws, the export fails.
  public func export(
    _ model: StoredModel, _ plan: ExportPlan, to folder: String, overwrite: Bool = false,
    checking: (_ temporaryFolder: String) throws -> Void = { _ in }
  ) throws -> ExportReport {
    try OutputFolder.check(folder, overwrite: overwrite)
    _ = try read(model)

    let writer = try SafetensorsWriter(
      tensors: plan.tensors.map { .init(name: $0.name, type: plan.elementType, shape: $0.shape) },
      metadata: [("format", "pt")])
    var output = try AtomicFolder(path: folder)
    let weights = "model.safetensors"
    try output.write(weights, bytes: writer.fileSize) { sink in
      try writer.writeHeader(to: sink)
      try writeValues(of: model, plan.tensors, plan.type, writer, to: sink)
    }
    for (name, bytes) in plan.files {
      try output.write(name, bytes: bytes.count) { try $0.write(bytes, at: 0) }
    }
    try checking(output.temporaryPath)
    try progress.checkCancellation()
    try model.checkUnchanged()
    // It may have come, or been filled, while the work was done.
    try OutputFolder.check(folder, overwrite: overwrite)
    try output.commit()
    return ExportReport(
      folder: folder, type: plan.type, bytes: writer.fileSize, tensorCount: plan.tensors.count,
      parameterCount: plan.parameterCount, files: [weights] + plan.files.map { $0.name },
      notes: plan.notes)
  }

  private func writeValues(
    of model: StoredModel, _ tensors: [ExportedTensor], _ type: WeightType,
    _ writer: SafetensorsWriter, to sink: FileSink
  ) throws {
    let jobs = try tensors.map { tensor in
      let geometry = TensorGeometry(
        type: type, arrangement: .rows, shape: tensor.sourceShape, groupSize: 0)
      guard let geometry else {
        throw ConversionError.tooLarge(
          path: model.file.path, tensor: tensor.sourceName, shape: tensor.sourceShape)
      }
      return EncodingJob(
        name: tensor.sourceName, shape: tensor.sourceShape, input: try tensor.input(of: model),
        geometry: geometry)
    }
    _ = try encode(jobs, path: model.file.path, summarize: { _ in }) { chunk in
      try chunk.buffers.withCodes { codes in
        try tensors[chunk.job].write(
          codes, rows: chunk.rows, elementBytes: 4 / type.columnsPerBlock,
          at: writer.byteRanges[chunk.job].lowerBound, to: sink)
      }
    }
  }
}
