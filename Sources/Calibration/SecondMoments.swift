import CKernels
import DogeModel
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
  private let kernels: KernelSet
  private let pool: ThreadPool
  private let rows: FloatMatrix  // [block, inputs], of which the last are still to be added
  private var waiting = 0
  private let columns: FloatMatrix  // the same transposed, [inputs, block]
  private let packed: FloatMatrix  // the same, as kernels want it
  private let tiles: FloatMatrix  // the same, in tiles
  private let products: FloatMatrix  // [inputs, inputs]

  package init(inputs: Int, kernels: KernelSet, pool: ThreadPool) {
    self.inputs = inputs
    self.kernels = kernels
    self.pool = pool
    sums = DoubleMatrix(size: inputs)
    let lanes = TensorGeometry.tileRows
    rows = FloatMatrix(rows: Self.block, columns: inputs)
    columns = FloatMatrix(rows: inputs, columns: Self.block)
    packed = FloatMatrix(rows: 1, columns: inputs * Self.block)
    tiles = FloatMatrix(
      rows: inputs.roundedUp(to: lanes) / lanes, columns: Self.block * lanes)
    products = FloatMatrix(rows: inputs, columns: inputs)
  }

  /// Adds the first `count` rows of x.
  package func add(_ x: FloatMatrix, count: Int) {
    for row in 0..<count {
      rows.copy(x, row: row, to: waiting)
      waiting += 1
      if waiting == Self.block { flush(Self.block) }
    }
    self.count += count
  }

  /// Adds a row of x times a factor.
  package func add(_ x: FloatMatrix, row: Int, factor: Float) {
    for column in 0..<inputs { unsafe rows[waiting][column] = x[row][column] * factor }
    count += 1
    waiting += 1
    if waiting == Self.block { flush(Self.block) }
  }

  /// Forgets all that was added.
  package func clear() {
    waiting = 0
    count = 0
    for row in 0..<inputs { unsafe sums[row].update(repeating: 0, count: inputs) }
  }

  /// The sum over all that was added.
  package func sum() -> DoubleMatrix {
    if waiting > 0 {
      // Rows of zeros change no sum; what the kernels want is a multiple of four.
      let size = waiting.roundedUp(to: 4)
      for row in waiting..<size { unsafe rows[row].update(repeating: 0, count: inputs) }
      flush(size)
    }
    return sums
  }

  /// Adds the products of the first `size` waiting rows.
  private func flush(_ size: Int) {
    waiting = 0
    let lanes = TensorGeometry.tileRows
    let shape = [inputs, size]
    guard
      let geometry = TensorGeometry(type: .f32, arrangement: .tiles, shape: shape, groupSize: 0)
    else { return }
    pool.forRanges(of: geometry.tileCount) { part in
      for tile in part {
        let first = tile * lanes
        for row in 0..<size {
          for lane in 0..<min(lanes, inputs - first) {
            let value = unsafe rows[row][first + lane]
            unsafe tiles[0][(tile * size + row) * lanes + lane] = value
            unsafe columns[first + lane][row] = value
          }
        }
      }
    }
    let matrix = unsafe StoredMatrix(geometry, codes: UnsafeRawPointer(tiles[0]))
    let table = unsafe kernels.table
    unsafe table.pointee.pack(
      columns[0], columns.stride, UInt32(inputs), UInt32(size), packed[0])
    pool.forRanges(of: geometry.tileCount) { part in
      unsafe withUnsafePointer(to: matrix.matrix) {
        unsafe table.pointee.matmul(
          $0, packed[0], UInt32(inputs), UInt32(part.lowerBound), UInt32(part.upperBound),
          products[0], products.stride)
      }
    }
    pool.forRanges(of: inputs) { part in
      for row in part {
        let sum = unsafe sums[row]
        let product = unsafe products[row]
        for column in 0..<inputs { unsafe sum[column] += Double(product[column]) }
      }
    }
  }
}
