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
    /// Its tiles among those of its matrix.
    let tiles: Range<Int>
    let isQuantized: Bool
  }

  /// One matrix.
  struct Matrix {
    /// Its tiles among those of the group.
    let tiles: Range<Int>
    /// Its bands among the parts.
    let parts: Range<Int>
  }

  let parts: UnsafeBufferPointer<Part>
  let matrices: UnsafeBufferPointer<Matrix>
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
    var matrices: [Matrix] = []
    for linear in linears {
      let weight = linear.weight
      for (band, row) in zip(weight.bands, weight.firstRows) {
        let first = row / TensorGeometry.tileRows
        var band = band
        unsafe band.matrix.follows = first > 0 ? 1 : 0
        unsafe parts.append(
          Part(
            band: band.matrix, bias: linear.bias.map { unsafe UnsafePointer($0.pointer()) + row },
            outputs: band.geometry.rows, tiles: first..<first + band.geometry.tileCount,
            isQuantized: band.geometry.type.isQuantized))
      }
      matrices.append(
        Matrix(
          tiles: tileCount..<tileCount + weight.tileCount,
          parts: parts.count - weight.bands.count..<parts.count))
      tileCount += weight.tileCount
    }
    self.tileCount = tileCount
    self.mode = mode
    hasQuantized = parts.contains { $0.isQuantized }
    hasFloats = parts.contains { !$0.isQuantized }
    self.linears = linears
    unsafe self.parts = .copy(of: parts)
    unsafe self.matrices = .copy(of: matrices)
  }

  deinit {
    unsafe parts.deallocate()
    unsafe matrices.deallocate()
  }
}

extension UnsafeBufferPointer {
  /// The elements in memory of their own, which its owner deallocates.
  fileprivate static func copy(of elements: [Element]) -> Self {
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = unsafe copy.initialize(from: elements)
    return UnsafeBufferPointer(copy)
  }
}

/// Where the products with the matrices of a group go: one matrix `[tokens, outputs]` for each.
@safe package final class ProductOutputs: @unchecked Sendable {
  let views: UnsafeBufferPointer<FloatMatrix.View>
  /// The matrices, in the order of the group.
  package let matrices: [FloatMatrix]

  package init(_ matrices: [FloatMatrix]) {
    self.matrices = matrices
    unsafe views = .copy(of: matrices.map(\.view))
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
