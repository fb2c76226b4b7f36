import CKernels
import TensorCore

/// A tensor's planes as the kernels see them: pointers into a mapped file or into memory.
///
/// It does not own the bytes; whoever makes one keeps them alive and unchanged.
@safe public struct StoredMatrix: @unchecked Sendable {
  /// Type, arrangement and sizes.
  public let geometry: TensorGeometry
  package let matrix: kb_matrix

  /// Describes planes that lie at `codes` and, for quantized types, at `scales`.
  ///
  /// - Parameters:
  ///   - geometry: type, arrangement and sizes.
  ///   - codes: the first unit.
  ///   - scales: the first binary16 scale.
  ///   - exponent: the power of two by which scales are multiplied.
  ///   - tileStride: bytes between tiles (or rows), where they are not packed.
  package init(
    _ geometry: TensorGeometry, codes: UnsafeRawPointer, scales: UnsafeRawPointer? = nil,
    exponent: Int = 0, tileStride: Int? = nil
  ) {
    let lanes = geometry.arrangement == .tiles ? TensorGeometry.tileRows : 1
    self.geometry = geometry
    unsafe matrix = kb_matrix(
      codes: codes.assumingMemoryBound(to: UInt8.self),
      scales: scales?.assumingMemoryBound(to: UInt16.self),
      tile_stride: tileStride ?? geometry.unitsPerRow * lanes * 4,
      scale_unit: Float(sign: .plus, exponent: exponent, significand: 1),
      rows: UInt32(geometry.rows), cols: UInt32(geometry.columns),
      group: UInt32(geometry.groupSize), type: geometry.type.kernelCode,
      tiled: geometry.arrangement == .tiles ? 1 : 0)
  }
}
