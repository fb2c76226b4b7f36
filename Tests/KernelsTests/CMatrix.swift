import CKernels
import TensorCore

/// A matrix as the C functions take it, over memory that a test has laid out.
///
/// It does not own the memory, and its tiles may have gaps between them.
struct CMatrix: @unchecked Sendable {
  let geometry: TensorGeometry
  let matrix: kb_matrix

  init(
    _ geometry: TensorGeometry, codes: UnsafeRawPointer, scales: UnsafeRawPointer? = nil,
    exponent: Int = 0, tileStride: Int? = nil
  ) {
    let lanes = geometry.arrangement == .tiles ? 16 : 1
    self.geometry = geometry
    matrix = kb_matrix(
      codes: codes.assumingMemoryBound(to: UInt8.self),
      scales: scales?.assumingMemoryBound(to: UInt8.self),
      tile_stride: tileStride ?? geometry.unitsPerRow * lanes * 4,
      scale_unit: Float(sign: .plus, exponent: exponent, significand: 1),
      rows: UInt32(geometry.rows), cols: UInt32(geometry.columns),
      group: UInt32(geometry.groupSize), type: geometry.type.codeType.rawValue,
      tiled: geometry.arrangement == .tiles ? 1 : 0,
      scale_bytes: UInt8(geometry.type.bytesPerScale), follows: 0)
  }
}
