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
    /// Added to the outputs where they are in the matrix's order, `[outputs]`.
    let bias: UnsafePointer<Float>?
    let outputs: Int
    /// Its tiles among those of its matrix.
    let tiles: Range<Int>
    let isQuantized: Bool
  }

  /// One matrix.
  @safe struct Matrix {
    /// Its tiles among those of the group.
    let tiles: Range<Int>
    /// Its bands among the parts.
    let parts: Range<Int>
    /// The stored row of each output, where they are in another order.
    let places: UnsafeBufferPointer<UInt32>?
    /// Added to outputs in another order, `[outputs]`.
    let bias: UnsafePointer<Float>?
  }

  let parts: UnsafeBufferPointer<Part>
  let matrices: UnsafeBufferPointer<Matrix>
  /// Tiles of all matrices.
  let tileCount: Int
  /// How products with quantized matrices are computed.
  let mode: ComputeMode
  let hasQuantized: Bool
  let hasFloats: Bool
  /// Whether outputs of some matrix come in another order than its own.
  package let reorders: Bool
  /// What the parts point into.
  package let linears: [Linear]

  /// Groups matrices of the same number of inputs.
  package init(_ linears: [Linear], mode: ComputeMode) {
    var tileCount = 0
    var parts: [Part] = []
    var matrices: [Matrix] = []
    for linear in linears {
      let weight = linear.weight
      let bias = unsafe linear.bias.map { unsafe UnsafePointer($0.pointer()) }
      let isReordered = weight.order != nil
      for (band, row) in zip(weight.bands, weight.firstRows) {
        let first = row / TensorGeometry.tileRows
        var band = band
        unsafe band.matrix.follows = first > 0 ? 1 : 0
        unsafe parts.append(
          Part(
            band: band.matrix, bias: isReordered ? nil : bias.map { unsafe $0 + row },
            outputs: band.geometry.rows, tiles: first..<first + band.geometry.tileCount,
            isQuantized: band.geometry.type.isQuantized))
      }
      unsafe matrices.append(
        Matrix(
          tiles: tileCount..<tileCount + weight.tileCount,
          parts: parts.count - weight.bands.count..<parts.count,
          places: unsafe weight.order.map { unsafe .copy(of: $0.places) },
          bias: isReordered ? bias : nil))
      tileCount += weight.tileCount
    }
    self.tileCount = tileCount
    self.mode = mode
    hasQuantized = parts.contains { $0.isQuantized }
    hasFloats = parts.contains { !$0.isQuantized }
    reorders = linears.contains { $0.weight.order != nil }
    self.linears = linears
    unsafe self.parts = .copy(of: parts)
    unsafe self.matrices = .copy(of: matrices)
  }

  deinit {
    unsafe parts.deallocate()
    for index in unsafe matrices.indices { unsafe matrices[index].places?.deallocate() }
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
  /// Where those of matrices whose rows are in another order go at first.
  let stored: UnsafeBufferPointer<FloatMatrix.View>?
  /// The matrices, in the order of the group.
  package let matrices: [FloatMatrix]
  private let memory: FloatMatrix?

  /// Outputs.
  ///
  /// - Parameters:
  ///   - matrices: one for each matrix of a group.
  ///   - memory: as many rows, and `storedColumns` or more, where the order of outputs may be another
  ///     one.
  package init(_ matrices: [FloatMatrix], stored memory: FloatMatrix? = nil) {
    self.matrices = matrices
    self.memory = memory
    unsafe views = .copy(of: matrices.map(\.view))
    guard let memory else {
      unsafe stored = nil
      return
    }
    var parts: [FloatMatrix.View] = []
    var column = 0
    for matrix in matrices {
      parts.append(memory.view.from(row: 0, column: column))
      column += matrix.stride
    }
    precondition(column <= memory.stride, "too little memory")
    unsafe stored = .copy(of: parts)
  }

  deinit {
    unsafe views.deallocate()
    unsafe stored?.deallocate()
  }

  /// Columns that outputs of so many need before they are in order.
  package static func storedColumns(_ outputs: [Int]) -> Int {
    outputs.reduce(0) { $0 + $1.roundedUp(to: TensorGeometry.tileRows) }
  }
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
