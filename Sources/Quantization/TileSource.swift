import CKernels
import Kernels
import TensorCore

/// Where a tensor's values come from: rows of a checkpoint's elements, or a stored float matrix.
@safe package enum TileSource: @unchecked Sendable {
  /// Row-major elements of a safetensors file.
  case elements(UnsafeRawPointer, ElementType)
  /// A tensor of a `.kibble` file.
  case stored(StoredMatrix)

  private static let columnsAtOnce = 128
  /// Floats of scratch that `load` needs.
  static let scratchFloats = columnsAtOnce * TensorGeometry.tileRows

  /// Loads 16 rows of a tensor of that geometry as a tile `[paddedColumns][16]`, zeros for padding.
  ///
  /// `rows` is scratch for `scratchFloats`.
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
      // Some columns at a time, so that the rows stay in the first cache between the two steps.
      for column in stride(from: 0, to: width, by: Self.columnsAtOnce) {
        let columns = min(Self.columnsAtOnce, geometry.columns - column)
        if count < TensorGeometry.tileRows || column + Self.columnsAtOnce > geometry.columns {
          unsafe rows.update(repeating: 0, count: Self.scratchFloats)
        }
        for row in 0..<count {
          let element = (first + row) * geometry.columns + column
          unsafe kernels.table.pointee.widen(
            code, base + element * type.bits / 8, columns, rows + row * Self.columnsAtOnce)
        }
        unsafe kernels.table.pointee.tile(
          rows, Self.columnsAtOnce, UInt32(min(Self.columnsAtOnce, width - column)),
          out + column * TensorGeometry.tileRows)
      }
    }
  }
}
