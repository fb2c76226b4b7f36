import CKernels
import Kernels
import TensorCore

/// Where a tensor's values come from: rows of a checkpoint's elements, or a stored float matrix.
@safe package enum TileSource: @unchecked Sendable {
  /// Row-major elements of a safetensors file.
  case elements(UnsafeRawPointer, ElementType)
  /// A tensor of a `.kibble` file.
  case stored(StoredMatrix)

  /// Loads 16 rows of a tensor of that geometry as a tile `[paddedColumns][16]`, zeros for padding.
  ///
  /// `rows` is scratch for 16 * `paddedColumns` floats.
  func load(
    tile: Int, of geometry: TensorGeometry, kernels: KernelSet,
    rows: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    let width = geometry.paddedColumns
    switch self {
    case .stored(let stored):
      // Its own padding may be narrower than ours; where it is wider, scratch has room for it.
      unsafe out.update(repeating: 0, count: width * TensorGeometry.tileRows)
      unsafe withUnsafePointer(to: stored.matrix) {
        unsafe kernels.table.pointee.values($0, UInt32(tile), out)
      }
    case .elements(let base, let type):
      guard let code = type.kernelCode else { return }
      let first = tile * TensorGeometry.tileRows
      let count = min(TensorGeometry.tileRows, geometry.rows - first)
      if count < TensorGeometry.tileRows || width > geometry.columns {
        unsafe rows.update(repeating: 0, count: width * TensorGeometry.tileRows)
      }
      for row in 0..<count {
        let offset = (first + row) * geometry.columns * type.bits / 8
        unsafe kernels.table.pointee.widen(
          code, base + offset, geometry.columns, rows + row * width)
      }
      unsafe kernels.table.pointee.tile(rows, width, UInt32(width), out)
    }
  }
}
