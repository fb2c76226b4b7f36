import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// Where the values of one tensor lie, or those of some of its rows in some order, and which pages may
/// be given back when they were read.
struct TensorInput {
  let source: TileSource
  private let region: any ByteRegion
  private let planes: [Plane]
  private let lastTile: Int

  /// Bytes of some tiles.
  private struct Plane {
    let range: Range<Int>
    /// Nil where tiles take rows from everywhere.
    let tileBytes: Int?
    let firstTile: Int
  }

  /// Row-major elements of a checkpoint's file.
  ///
  /// - Parameters:
  ///   - entry: the tensor.
  ///   - rows: which of its rows; nil for all.
  ///   - file: the file.
  init(_ entry: TensorEntry, rows: RowSelection? = nil, in file: MappedFile) {
    let rowBytes = (entry.shape.last ?? 1) * entry.type.bits / 8
    let start = entry.byteRange.lowerBound
    var range = entry.byteRange
    if case .range(let rows) = rows {
      range = start + rows.lowerBound * rowBytes..<start + rows.upperBound * rowBytes
    }
    source = .elements(SourceElements(entry.type, in: file, bytes: range), rows: rows?.list)
    region = file
    let tileBytes = rows?.list == nil ? rowBytes * TensorGeometry.tileRows : nil
    planes = [Plane(range: range, tileBytes: tileBytes, firstTile: 0)]
    lastTile = ((rows?.list?.count ?? range.count / max(1, rowBytes)) - 1) / TensorGeometry.tileRows
  }

  /// The bands of a stored tensor.
  ///
  /// - Parameters:
  ///   - bands: its records.
  ///   - order: in which order they have the tensor's rows; nil where that is the tensor's.
  ///   - rows: which rows of the tensor are wanted, in which order; nil for all in the tensor's.
  ///   - region: the file.
  init(
    _ bands: [TensorRecord], order: RowOrder? = nil, rows: [UInt32]? = nil,
    in region: any ByteRegion
  ) {
    source = .stored(
      StoredMatrix(bands.map { $0.band(in: region) }, order: order), rows: rows)
    self.region = region
    var planes: [Plane] = []
    var tile = 0
    for band in bands {
      for (range, bytes) in zip(band.planes, band.geometry.rowBytes) {
        let isInOrder = order == nil && rows == nil
        planes.append(
          Plane(
            range: range, tileBytes: isInOrder ? bytes * TensorGeometry.tileRows : nil,
            firstTile: tile))
      }
      tile += band.geometry.tileCount
    }
    self.planes = planes
    lastTile = rows.map { ($0.count - 1) / TensorGeometry.tileRows } ?? tile - 1
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
    lastTile = 0
  }

  /// Gives the pages of some tiles back.
  func release(tiles: Range<Int>) {
    for plane in planes {
      guard let tileBytes = plane.tileBytes else {
        if tiles.contains(lastTile) { region.releasePages(plane.range) }
        continue
      }
      func end(_ tiles: Int) -> Int {
        let end = plane.range.lowerBound + max(0, tiles - plane.firstTile) * tileBytes
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
  /// The values of a tensor, by its place in the order of use.
  ///
  /// - Parameters:
  ///   - number: its place.
  ///   - rows: which of its rows, as `order` has them; nil for all. Only of a tensor that is not
  ///     quantized.
  ///   - order: the order that is wanted; nil for the tensor's.
  /// - Returns: the values.
  func input(of number: Int, rows: Range<Int>? = nil, order: RowOrder? = nil) -> TensorInput {
    let list = order.map { Array($0.rows[rows ?? 0..<$0.rows.count]) }
    switch self {
    case .checkpoint(let folder, let resolved):
      let found = folder.tensors[resolved.tensors[number].sourceIndex]
      return TensorInput(
        found.entry, rows: list.map { .list($0) } ?? rows.map { .range($0) },
        in: folder.files[found.fileIndex].file)
    case .kibble(let model):
      let tensor = model.tensors[number]
      if let rows, list == nil {
        // Floats are not stored in bands.
        return TensorInput([tensor.bands[0].part(rows: rows)], in: model.file.region)
      }
      return TensorInput(tensor.bands, order: tensor.order, rows: list, in: model.file.region)
    }
  }
}

/// Some rows of a tensor.
enum RowSelection {
  /// Rows that follow each other.
  case range(Range<Int>)
  /// Any rows, in that order.
  case list([UInt32])

  fileprivate var list: [UInt32]? {
    if case .list(let rows) = self { rows } else { nil }
  }
}
