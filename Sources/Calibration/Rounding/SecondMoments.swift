import Kernels
import Parallel
import TensorCore

/// The sum of x xᵀ over the inputs x of a matrix, `[inputs, inputs]`.
///
/// Blocks of 128 inputs are multiplied in float32 by the exact kernels, and added up in binary64:
/// the sum depends neither on threads and kernels nor on how the inputs are handed over.
package final class SecondMoments {
  private static let block = 128
  /// The number of inputs' elements.
  package let inputs: Int
  /// How many inputs were added.
  package private(set) var count = 0
  private let sums: DoubleMatrix
  private let compute: Compute
  private let gemm: Gemm
  private let rows: FloatMatrix  // [block, inputs], of which the last are still to be added
  private var waiting = 0
  private let products: FloatMatrix  // [inputs, inputs]

  /// Nothing added yet.
  package init(inputs: Int, compute: Compute) {
    self.inputs = inputs
    self.compute = compute
    sums = DoubleMatrix(size: inputs)
    gemm = Gemm(compute)
    rows = FloatMatrix(rows: Self.block, columns: inputs)
    products = FloatMatrix(rows: inputs, columns: inputs)
  }

  /// Adds the first `count` rows of x.
  package func add(_ x: FloatMatrix, count: Int) {
    for row in 0..<count {
      rows[waiting].copy(x[row])
      rowIsFilled()
    }
  }

  /// Adds a row of x times a factor.
  package func add(_ x: FloatMatrix, row: Int, factor: Float) {
    let (source, target) = (x[row], rows[waiting])
    for column in 0..<inputs { target[column] = source[column] * factor }
    rowIsFilled()
  }

  private func rowIsFilled() {
    count += 1
    waiting += 1
    if waiting == Self.block { flush(Self.block) }
  }

  /// Forgets all that was added.
  package func clear() {
    waiting = 0
    count = 0
    for row in 0..<inputs { sums[row].fill(0) }
  }

  /// The sum over all that was added.
  package func sum() -> DoubleMatrix {
    if waiting > 0 {
      // Rows of zeros change no sum; what the kernels want is a multiple of four.
      let size = waiting.roundedUp(to: 4)
      for row in waiting..<size { rows[row].fill(0) }
      flush(size)
    }
    return sums
  }

  /// Adds the products of the first `size` waiting rows.
  private func flush(_ size: Int) {
    waiting = 0
    let x = rows.first(size)
    gemm.multiply(x.transposed, x, into: products.view())
    compute.pool.forRanges(of: inputs) { part in
      for row in part {
        let (sum, product) = (sums[row], products[row])
        for column in 0..<inputs { sum[column] += Double(product[column]) }
      }
    }
  }
}
