import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// Where the values of one tensor lie, and which pages may be given back when they were read.
struct TensorInput {
  let source: TileSource
  private let region: any ByteRegion
  private let planes: [(range: Range<Int>, tileBytes: Int)]

  /// Row-major elements of a checkpoint's file.
  init(_ entry: TensorEntry, in file: MappedFile) {
    source = .elements(SourceElements(entry.type, in: file, bytes: entry.byteRange))
    region = file
    let rowBytes = (entry.shape.last ?? 1) * entry.type.bits / 8
    planes = [(entry.byteRange, rowBytes * TensorGeometry.tileRows)]
  }

  /// A stored tensor.
  init(_ record: TensorRecord, in region: any ByteRegion) {
    source = .stored(record.matrix(in: region))
    self.region = region
    planes = zip(record.planes, record.geometry.rowBytes).map {
      ($0, $1 * TensorGeometry.tileRows)
    }
  }

  /// A vector in memory.
  init(_ values: [Float]) throws(FileError) {
    let memory = try MemoryBuffer(count: values.count * 4)
    let bytes = values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    try memory.write(bytes, at: 0)
    source = .elements(SourceElements(.f32, in: memory, bytes: 0..<memory.count))
    region = memory
    planes = []
  }

  /// Gives the pages of some tiles back.
  func release(tiles: Range<Int>) {
    for plane in planes {
      let start = plane.range.lowerBound + tiles.lowerBound * plane.tileBytes
      let end = plane.range.lowerBound + tiles.upperBound * plane.tileBytes
      region.release(start..<min(end, plane.range.upperBound), of: plane.range)
    }
  }
}

extension ByteRegion {
  /// Gives pages back to the system once a part of the region has been read up to the end of
  /// `range`.
  ///
  /// Not for every range: unmapping stops all threads for a moment. Where a range passes a
  /// multiple of 8 MiB, or is the last of `whole`, the 64 MiB before it are given back, so that
  /// what threads that fell behind have read goes, too. A page that another thread still reads
  /// comes back by itself. The system maps what it cached together with the page that is touched,
  /// up to 2 MiB around it; without the margin, those pages would add up.
  func release(_ range: Range<Int>, of whole: Range<Int>) {
    let block = 8 << 20
    let margin = 2 << 20
    let isLast = range.upperBound == whole.upperBound
    guard isLast || range.lowerBound / block != range.upperBound / block else { return }
    let start = (range.lowerBound / block - 8) * block
    releasePages(max(0, start - margin)..<min(count, range.upperBound + margin))
  }
}

extension ModelSource {
  /// The tensors' values, in the order of their use.
  func inputs() -> [TensorInput] {
    switch self {
    case .checkpoint(let folder, let resolved):
      resolved.tensors.map { folder.input(of: $0) }
    case .kibble(let model):
      model.tensors.map { TensorInput($0.record, in: model.file.region) }
    }
  }
}

extension CheckpointFolder {
  fileprivate func input(of tensor: ResolvedTensor) -> TensorInput {
    let found = tensors[tensor.sourceIndex]
    return TensorInput(found.entry, in: files[found.fileIndex].file)
  }
}
