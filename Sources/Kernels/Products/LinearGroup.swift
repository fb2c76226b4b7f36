import CKernels
import TensorCore

/// A matrix that is multiplied, with its bias.
package final class Linear: Sendable {
  package let weight: StoredMatrix  // [outputs, inputs], in tiles
  package let bias: FloatMatrix?  // [1, outputs]

  package init(weight: StoredMatrix, bias: FloatMatrix? = nil) {
    self.weight = weight
    self.bias = bias
  }
}

/// Matrices that multiply the same activations: their tiles are shared out together.
@safe package final class LinearGroup: @unchecked Sendable {
  /// A band of one matrix, as the threads that share it read it.
  @safe struct Part {
    let band: kb_matrix  // [outputs, inputs]
    let bias: UnsafePointer<Float>?  // [outputs]
    let outputs: Int
    /// Its tiles among those of the group, and those of its whole matrix.
    let tiles: Range<Int>
    let matrixTiles: Range<Int>
    /// Which of the matrices.
    let matrix: Int
    let isQuantized: Bool
  }

  let parts: UnsafeBufferPointer<Part>
  /// Tiles of all matrices.
  let tileCount: Int
  /// How products with quantized matrices are computed.
  let mode: ComputeMode
  let hasQuantized: Bool
  let hasFloats: Bool
  /// What the parts point into.
  package let linears: [Linear]

  /// Groups matrices of the same number of inputs.
  package init(_ linears: [Linear], mode: ComputeMode) {
    var tileCount = 0
    var parts: [Part] = []
    for (index, linear) in linears.enumerated() {
      let weight = linear.weight
      let first = tileCount
      tileCount += weight.tileCount
      for (band, row) in zip(weight.bands, weight.firstRows) {
        let begin = first + row / TensorGeometry.tileRows
        unsafe parts.append(
          Part(
            band: band.matrix, bias: linear.bias.map { unsafe UnsafePointer($0.pointer()) + row },
            outputs: band.geometry.rows, tiles: begin..<begin + band.geometry.tileCount,
            matrixTiles: first..<tileCount, matrix: index,
            isQuantized: band.geometry.type.isQuantized))
      }
    }
    self.tileCount = tileCount
    self.mode = mode
    hasQuantized = parts.contains { $0.isQuantized }
    hasFloats = parts.contains { !$0.isQuantized }
    self.linears = linears
    let copy = UnsafeMutableBufferPointer<Part>.allocate(capacity: parts.count)
    _ = unsafe copy.initialize(from: parts)
    unsafe self.parts = UnsafeBufferPointer(copy)
  }

  deinit { unsafe parts.deallocate() }
}

/// Where the products with the matrices of a group go: one matrix `[tokens, outputs]` for each.
@safe package final class ProductOutputs: @unchecked Sendable {
  let views: UnsafeBufferPointer<FloatMatrix.View>
  /// The matrices, in the order of the group.
  package let matrices: [FloatMatrix]

  package init(_ matrices: [FloatMatrix]) {
    self.matrices = matrices
    let copy = UnsafeMutableBufferPointer<FloatMatrix.View>.allocate(capacity: matrices.count)
    _ = unsafe copy.initialize(from: matrices.map(\.view))
    unsafe views = UnsafeBufferPointer(copy)
  }

  deinit { unsafe views.deallocate() }
}

/// Memory for activations that are rearranged for products: as floats, or as int8 codes with scales.
package final class PackedRows: Sendable {
  let floats: FloatMatrix
  let codes: FloatMatrix

  /// Room for some rows of so many columns.
  package init(rows: Int, columns: Int) {
    floats = FloatMatrix(rows: 1, columns: rows * columns)
    codes = FloatMatrix(
      rows: 1, columns: (kb_fast_bytes(UInt32(rows), UInt32(columns)) + 3) / 4)
  }

  /// Whether it has room for so many rows and columns.
  func holds(_ rows: Int, _ columns: Int) -> Bool {
    rows * columns <= floats.columns
      && kb_fast_bytes(UInt32(rows), UInt32(columns)) <= codes.columns * 4
  }
}
