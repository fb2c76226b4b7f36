import ByteIO
import Diagnostics
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Safetensors
import TensorCore

/// What the first reading of an input finds out.
struct SourceFacts {
  /// The largest magnitude of each tensor, in the order of their use.
  let magnitudes: [Float]
  /// CRC-32 of each weight file of a checkpoint; nothing for a `.kibble` file, whose metadata
  /// hold the checkpoint's.
  let weightChecksums: [UInt32]
}

extension Converter {
  /// Reads the whole input once and checks it, before anything is written.
  func read(_ source: ModelSource) throws -> SourceFacts {
    switch source {
    case .checkpoint(let folder, let resolved): try read(folder, resolved)
    case .kibble(let model): try read(model)
    }
  }

  private func read(
    _ folder: CheckpointFolder, _ resolved: ResolvedCheckpoint
  ) throws -> SourceFacts {
    // A file is its header and then its tensors, without gaps.
    let weights = resolved.tensors + (resolved.duplicateHead.map { [$0] } ?? [])
    let roles = Dictionary(uniqueKeysWithValues: weights.map { ($0.sourceIndex, $0) })
    var segments: [Segment] = []
    var segmentFiles: [Int] = []
    for (index, file) in folder.files.enumerated() {
      let headerEnd = file.tensors.first?.byteRange.lowerBound ?? file.file.count
      segments.append(Segment(region: file.file, range: 0..<headerEnd, type: nil))
      segmentFiles.append(index)
    }
    for (index, tensor) in folder.tensors.enumerated() {
      let isWeight = roles[index] != nil
      segments.append(
        Segment(
          region: folder.files[tensor.fileIndex].file, range: tensor.entry.byteRange,
          type: isWeight ? tensor.entry.type : nil))
      segmentFiles.append(tensor.fileIndex)
    }
    let scans = try scan(segments)

    let firstTensor = folder.files.count
    try check(folder, weights) { scans[firstTensor + $0].firstNonFinite }
    if let head = resolved.duplicateHead, let embedding = resolved.tensors.first {
      try compare(head, with: embedding, in: folder)
    }
    var files = [SegmentScan](repeating: SegmentScan(), count: folder.files.count)
    for (file, scan) in zip(segmentFiles, scans) { files[file].append(scan) }
    return SourceFacts(
      magnitudes: resolved.tensors.map { scans[firstTensor + $0.sourceIndex].magnitude },
      weightChecksums: files.map(\.checksum))
  }

  private func check(
    _ folder: CheckpointFolder, _ weights: [ResolvedTensor], _ firstNonFinite: (Int) -> Int?
  ) throws(ConversionError) {
    var faults: [NonFiniteValue] = []
    for weight in weights {
      guard let element = firstNonFinite(weight.sourceIndex) else { continue }
      let tensor = folder.tensors[weight.sourceIndex]
      let file = folder.files[tensor.fileIndex].file
      let value = file.value(element, of: tensor.entry)
      faults.append(
        NonFiniteValue(
          path: file.path, tensor: tensor.name, index: weight.shape.index(of: element),
          value: value.isNaN ? "NaN" : value.isInfinite ? "infinite" : "too large for float32"))
    }
    if !faults.isEmpty { throw .notFinite(faults) }
  }

  func read(_ model: StoredModel) throws -> SourceFacts {
    var segments: [Segment] = []
    for record in model.file.tensors {
      // Floats, or codes and then scales.
      let scales: ElementType? = record.type.hasShortScales ? nil : .f16
      for (plane, type) in zip(record.planes, [record.type.elementType, scales]) {
        segments.append(Segment(region: model.file.region, range: plane, type: type))
      }
    }
    var scans = try scan(segments)[...]
    var magnitudes: [Float] = []
    for record in model.file.tensors {
      let planes = Array(scans.prefix(record.planes.count))
      scans = scans.dropFirst(planes.count)
      try check(record, planes, path: model.file.path)
      magnitudes.append(planes[0].magnitude)
    }
    return SourceFacts(magnitudes: magnitudes, weightChecksums: [])
  }

  private func check(
    _ record: TensorRecord, _ planes: [SegmentScan], path: String
  ) throws(KibbleFormatError) {
    var whole = SegmentScan()
    for plane in planes { whole.append(plane) }
    guard whole.checksum == record.crc32 else {
      throw .payloadChecksum(
        path: path, entry: record.name, expected: record.crc32, found: whole.checksum)
    }
    let sizes = [(record.type.elementType?.bits ?? 8) / 8, 2]
    for ((plane, range), size) in zip(zip(planes, record.planes), sizes) {
      guard let element = plane.firstNonFinite else { continue }
      throw .notFinite(
        path: path, entry: record.name, offset: range.lowerBound + element * size)
    }
  }

  /// Compares the values of a head that is declared tied with those of the embedding.
  private func compare(
    _ head: ResolvedTensor, with embedding: ResolvedTensor, in folder: CheckpointFolder
  ) throws {
    let rows = head.shape[0]
    let columns = head.shape[1]
    let rowsPerPart = max(1, (256 << 10) / columns)
    let first = (folder.tensors[head.sourceIndex], folder.tensors[embedding.sourceIndex])
    try compute.pool.runThrowing((rows + rowsPerPart - 1) / rowsPerPart) { part in
      try progress.checkCancellation()
      for row in part * rowsPerPart..<min((part + 1) * rowsPerPart, rows) {
        let head32 = widen(row, columns, of: first.0, in: folder)
        let embedding32 = widen(row, columns, of: first.1, in: folder)
        guard let column = zip(head32, embedding32).enumerated().first(where: { $1.0 != $1.1 })
        else { continue }
        throw ConversionError.headDiffers(
          path: folder.files[first.0.fileIndex].path, head: first.0.name,
          embedding: first.1.name, index: [row, column.offset],
          headValue: column.element.0, embeddingValue: column.element.1)
      }
      for tensor in [first.0, first.1] {
        let rowBytes = columns * tensor.entry.type.bits / 8
        let start = tensor.entry.byteRange.lowerBound + part * rowsPerPart * rowBytes
        let end = min(start + rowsPerPart * rowBytes, tensor.entry.byteRange.upperBound)
        folder.files[tensor.fileIndex].file.release(start..<end, of: tensor.entry.byteRange)
      }
    }
  }

  private func widen(
    _ row: Int, _ columns: Int, of tensor: CheckpointTensor, in folder: CheckpointFolder
  ) -> [Float] {
    let type = tensor.entry.type
    let offset = tensor.entry.byteRange.lowerBound + row * columns * type.bits / 8
    return compute.kernels.values(
      of: SourceElements(
        type, in: folder.file(of: tensor).file, bytes: offset..<offset + columns * type.bits / 8))
  }
}

extension MappedFile {
  /// An element of a tensor as a double.
  fileprivate func value(_ element: Int, of tensor: TensorEntry) -> Double {
    let offset = tensor.byteRange.lowerBound + element * tensor.type.bits / 8
    return withBytes { bytes in
      switch tensor.type {
      case .f64: Double(bitPattern: bytes.littleEndian(at: offset) ?? 0)
      case .f32: Double(Float(bitPattern: bytes.littleEndian(at: offset) ?? 0))
      // Both say infinity and NaN by the bits of their exponent; only that is asked for.
      case .f16:
        (bytes.littleEndian(UInt16.self, at: offset) ?? 0) & 0x3FF == 0 ? .infinity : .nan
      default:
        Double(Float(bitPattern: UInt32(bytes.littleEndian(UInt16.self, at: offset) ?? 0) << 16))
      }
    }
  }
}

extension [Int] {
  /// The indices of an element of a row-major tensor of this shape.
  func index(of element: Int) -> [Int] {
    var rest = element
    var index: [Int] = []
    for size in reversed() {
      index.insert(rest % size, at: 0)
      rest /= size
    }
    return index
  }
}
