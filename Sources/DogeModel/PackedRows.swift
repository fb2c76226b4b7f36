import CKernels
import Kernels

/// Activations rearranged for products: as floats, as int8 codes with scales, or both.
final class PackedRows: Sendable {
  let floats: FloatMatrix
  let codes: FloatMatrix

  /// Room for some rows of so many columns.
  init(rows: Int, columns: Int) {
    floats = FloatMatrix(rows: 1, columns: rows * columns)
    codes = FloatMatrix(
      rows: 1, columns: (kb_fast_bytes(UInt32(rows), UInt32(columns)) + 3) / 4)
  }
}
