import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// Where the values of one tensor lie, or those of some of its rows, and which pages may be given back
/// when they were read.
struct TensorInput {
  let source: TileSource
  private let region: any ByteRegion
  private let planes: [Plane]

  /// Bytes of some tiles.
  private struct Plane {
    let range: Range<Int>
    let tileBytes: Int
    let firstTile: Int
  }

  /// Row-major elements of a checkpoint's file.
  ///
  /// - Parameters:
  ///   - entry: the tensor.
  ///   - rows: which of its rows; nil for all.
  ///   - file: the file.
  init(_ entry: TensorEntry, rows: Range<Int>? = nil, in file: MappedFile) {
    let rowBytes = (entry.shape.last ?? 1) * entry.type.bits / 8
    let start = entry.byteRange.lowerBound
    let range =
      rows.map { start + $0.lowerBound * rowBytes..<start + $0.upperBound * rowBytes }
      ?? entry.byteRange
    source = .elements(SourceElements(entry.type, in: file, bytes: range))
    region = file
    planes = [
      Plane(range: range, tileBytes: rowBytes * TensorGeometry.tileRows, firstTile: 0)
    ]
  }

  /// The bands of a stored tensor.
  init(_ bands: [TensorRecord], in region: any ByteRegion) {
    source = .stored(StoredMatrix(bands.map { $0.band(in: region) }))
    self.region = region
    var planes: [Plane] = []
    var tile = 0
    for band in bands {
      for (range, bytes) in zip(band.planes, band.geometry.rowBytes) {
        planes.append(
          Plane(range: range, tileBytes: bytes * TensorGeometry.tileRows, firstTile: tile))
      }
      tile += band.geometry.tileCount
    }
    self.planes = planes
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
      func end(_ tiles: Int) -> Int {
        let end = plane.range.lowerBound + max(0, tiles - plane.firstTile) * plane.tileBytes
        return min(end, plane.range.upperBound)
      }
      let part = end(tiles.lowerBound)..<end(tiles.upperBound)
      if !part.isEmpty { region.release(part, of: plane.range) }
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
  /// The values of some rows of a tensor that is not quantized, by its place in the order of use;
  /// nil for all rows.
  func input(of number: Int, rows: Range<Int>? = nil) -> TensorInput {
    switch self {
    case .checkpoint(let folder, let resolved):
      let found = folder.tensors[resolved.tensors[number].sourceIndex]
      return TensorInput(found.entry, rows: rows, in: folder.files[found.fileIndex].file)
    case .kibble(let model):
      let bands = model.tensors[number].bands
      // Floats are not stored in bands.
      return TensorInput(
        rows.map { [bands[0].part(rows: $0)] } ?? bands, in: model.file.region)
    }
  }
}
