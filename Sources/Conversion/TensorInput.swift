import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import Quantization
import Safetensors
import TensorCore

/// Where the values of one tensor lie, and which pages may be given back when they were read.
///
/// It does not keep the bytes alive; whoever uses it holds the model's source.
struct TensorInput {
  let source: TileSource
  private let region: any ByteRegion
  private let planes: [(range: Range<Int>, tileBytes: Int)]

  /// Row-major elements of a checkpoint's file.
  init(_ entry: TensorEntry, in file: MappedFile) {
    source = unsafe .elements(file.pointer(at: entry.byteRange.lowerBound), entry.type)
    region = file
    let rowBytes = (entry.shape.last ?? 1) * entry.type.bits / 8
    planes = [(entry.byteRange, rowBytes * TensorGeometry.tileRows)]
  }

  /// A stored tensor.
  init(_ record: TensorRecord, in region: any ByteRegion) {
    let geometry = record.geometry
    let scales = unsafe record.planes.dropFirst().first.map {
      unsafe region.pointer(at: $0.lowerBound)
    }
    source = unsafe .stored(
      StoredMatrix(
        geometry, codes: region.pointer(at: record.planes[0].lowerBound), scales: scales,
        exponent: record.exponent))
    self.region = region
    let rowBytes = [geometry.unitsPerRow * 4, geometry.groupsPerRow * 2]
    planes = zip(record.planes, rowBytes).map { ($0, $1 * TensorGeometry.tileRows) }
  }

  /// Gives the pages of some tiles back.
  func release(tiles: Range<Int>) {
    for plane in planes {
      let start = plane.range.lowerBound + tiles.lowerBound * plane.tileBytes
      let end = plane.range.lowerBound + tiles.upperBound * plane.tileBytes
      region.release(start..<min(end, plane.range.upperBound))
    }
  }
}

extension ByteRegion {
  /// Gives the pages of a range back to the system, those at its ends too.
  ///
  /// Touching a byte maps more than its page: all of the page cache's folio, which may be 2 MiB.
  /// Without the margin, what lies beyond the range would add up. A page that another thread still
  /// reads comes back by itself.
  func release(_ range: Range<Int>) {
    let margin = 2 << 20
    let start = max(0, range.lowerBound - margin)
    (self as? MappedFile)?.discard(start..<min(count, range.upperBound + margin))
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
