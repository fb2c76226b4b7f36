import CKernels
import Kernels
import TensorCore

/// Matrices that multiply the same activations: their tiles are shared out together.
@safe final class LinearGroup: @unchecked Sendable {
  /// One matrix, as the threads that share it read it.
  @safe struct Part {
    let matrix: kb_matrix  // [outputs, inputs]
    let bias: UnsafePointer<Float>?  // [outputs]
    let outputs: Int
    /// Its tiles among those of the group.
    let tiles: Range<Int>
    let isQuantized: Bool
  }

  let parts: UnsafeBufferPointer<Part>
  /// Tiles of all matrices.
  let tileCount: Int
  let hasQuantized: Bool
  let hasFloats: Bool
  /// What the parts point into.
  let linears: [Linear]

  init(_ linears: [Linear]) {
    var tileCount = 0
    let parts = linears.map { linear in
      let geometry = linear.weight.geometry
      let tiles = tileCount..<tileCount + geometry.tileCount
      tileCount = tiles.upperBound
      return unsafe Part(
        matrix: linear.weight.matrix, bias: linear.bias.map { unsafe UnsafePointer($0[0]) },
        outputs: geometry.rows, tiles: tiles, isQuantized: geometry.type.isQuantized)
    }
    self.tileCount = tileCount
    hasQuantized = parts.contains { $0.isQuantized }
    hasFloats = parts.contains { !$0.isQuantized }
    self.linears = linears
    let copy = UnsafeMutableBufferPointer<Part>.allocate(capacity: parts.count)
    _ = unsafe copy.initialize(from: parts)
    unsafe self.parts = UnsafeBufferPointer(copy)
  }

  deinit { unsafe parts.deallocate() }
}
