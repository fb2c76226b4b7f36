import ByteIO
import Diagnostics
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

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
  /// The names of the files, model.safetensors first.
  public let files: [String]
}

extension Converter {
  /// Writes a model as a Hugging Face folder: the values that it runs with, under the names that
  /// its checkpoint had, and the files that it carries along.
  ///
  /// - Parameters:
  ///   - model: the model; quantized weights are written as the floats that they stand for.
  ///   - folder: where the folder shall be.
  ///   - type: f32, which is exact, or f16 or bf16, which round; a value that is too large for the
  ///     type is an error.
  ///   - overwrite: whether a folder of an earlier export may be replaced.
  /// - Returns: what was written.
  /// - Throws: what is wrong with input or output; all errors are `Diagnosable`. The path then
  ///   holds what it held.
  public func export(
    _ model: StoredModel, to folder: String, type: WeightType = .f32, overwrite: Bool = false
  ) throws -> ExportReport {
    guard let elementType = type.elementType else { throw ConversionError.exportType(type) }
    try OutputFolder.check(folder, overwrite: overwrite)
    _ = try read(model)

    let writer = try SafetensorsWriter(
      tensors: model.tensors.map {
        .init(name: $0.sourceName, type: elementType, shape: $0.spec.shape)
      },
      metadata: [("format", "pt")])
    var output = try AtomicFolder(path: folder)
    let weights = "model.safetensors"
    try output.write(weights, bytes: writer.fileSize) { sink in
      try writer.writeHeader(to: sink)
      try writeValues(of: model, type, writer, to: sink)
    }
    var files = [weights]
    for blob in model.carriedBlobs {
      let template = BlobName.template(blob.name)
      let name = template.map(BlobName.path(ofTemplate:)) ?? blob.name
      guard template != nil || OutputFolder.knownNames.contains(name) else { continue }
      var bytes = try model.file.checkedBytes(of: blob)
      if blob.name == BlobName.config {
        bytes = try ExportedConfig.bytes(bytes, type: elementType)
      }
      try output.write(name, bytes: bytes.count) { try $0.write(bytes, at: 0) }
      files.append(name)
    }
    try progress.checkCancellation()
    try model.checkUnchanged()
    // It may have come, or been filled, while the work was done.
    try OutputFolder.check(folder, overwrite: overwrite)
    try output.commit()
    return ExportReport(
      folder: folder, type: type, bytes: writer.fileSize, tensorCount: model.tensors.count,
      files: files)
  }

  private func writeValues(
    of model: StoredModel, _ type: WeightType, _ writer: SafetensorsWriter, to sink: FileSink
  ) throws {
    var jobs: [EncodingJob] = []
    for tensor in model.tensors {
      let geometry = TensorGeometry(
        type: type, arrangement: .rows, shape: tensor.spec.shape, groupSize: 0)
      guard let geometry else {
        throw ConversionError.tooLarge(
          path: model.file.path, tensor: tensor.record.name, shape: tensor.spec.shape)
      }
      jobs.append(
        EncodingJob(
          name: tensor.record.name, shape: tensor.spec.shape,
          input: TensorInput(tensor.record, in: model.file.region), geometry: geometry))
    }
    _ = try encode(jobs, path: model.file.path, summarize: { _ in }) { chunk in
      let geometry = jobs[chunk.job].geometry
      let rowBytes = geometry.columns * 4 / type.columnsPerBlock
      let start = writer.byteRanges[chunk.job].lowerBound + chunk.rows.lowerBound * rowBytes
      try chunk.buffers.withCodes { codes in
        if codes.byteCount == chunk.rows.count * rowBytes {
          try sink.write(codes, at: start)
        } else {
          try sink.write(unpadded(codes, rows: chunk.rows.count, rowBytes: rowBytes), at: start)
        }
      }
    }
  }

  /// Rows without the padding at their ends.
  private func unpadded(_ codes: RawSpan, rows: Int, rowBytes: Int) -> [UInt8] {
    let stride = codes.byteCount / rows
    return (0..<rows).flatMap { codes.bytes($0 * stride..<$0 * stride + rowBytes) ?? [] }
  }
}
