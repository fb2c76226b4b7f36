import CKernels
import Kernels
import Parallel
import TensorCore

/// What computes: kernels, threads, and the products that all layers are made of.
struct Compute: Sendable {
  let kernels: KernelSet
  let pool: ThreadPool

  /// Writes RMSNorm(x) of some rows, weight `[columns]`.
  func rmsNorm(
    _ x: FloatMatrix, rows: Range<Int>, weight: FloatMatrix, epsilon: Float, into out: FloatMatrix
  ) {
    pool.forRanges(of: rows.count) { part in
      for row in part {
        unsafe kernels.table.pointee.rms_norm(
          x[rows.lowerBound + row], weight[0], epsilon, UInt32(weight.columns), out[row])
      }
    }
  }

  /// Rearranges the first `tokens` rows of x for `multiply`.
  func pack(_ x: FloatMatrix, tokens: Int, into packed: FloatMatrix) {
    let block = Int(unsafe kernels.table.pointee.token_block)
    pool.forRanges(of: tokens, grain: block) { part in
      unsafe kernels.table.pointee.pack(
        x[part.lowerBound], x.stride, UInt32(part.count), UInt32(x.columns),
        packed[0] + part.lowerBound * x.columns)
    }
  }

  /// Multiplies packed rows `[tokens, inputs]` by several matrices: outputs `[tokens, outputs]`.
  func multiply(
    _ packed: FloatMatrix, tokens: Int, by products: [(linear: Linear, output: FloatMatrix)]
  ) {
    let counts = products.map { $0.linear.weight.geometry.tileCount }
    pool.forRanges(of: counts.reduce(0, +)) { part in
      var first = 0
      for (product, count) in zip(products, counts) {
        let begin = max(part.lowerBound, first) - first
        let end = min(part.upperBound, first + count) - first
        if begin < end {
          multiply(packed, tokens: tokens, by: product.linear, tiles: begin..<end, product.output)
        }
        first += count
      }
    }
  }

  private func multiply(
    _ packed: FloatMatrix, tokens: Int, by linear: Linear, tiles: Range<Int>, _ out: FloatMatrix
  ) {
    unsafe withUnsafePointer(to: linear.weight.matrix) {
      unsafe kernels.table.pointee.matmul(
        $0, packed[0], UInt32(tokens), UInt32(tiles.lowerBound), UInt32(tiles.upperBound), out[0],
        out.stride)
    }
    guard let bias = linear.bias else { return }
    let first = tiles.lowerBound * TensorGeometry.tileRows
    let last = min(tiles.upperBound * TensorGeometry.tileRows, bias.columns)
    for token in 0..<tokens {
      unsafe kernels.table.pointee.add(
        out[token] + first, bias[0] + first, UInt32(last - first))
    }
  }

  /// x = gate ⊙ x + a for some rows of x; a's rows count from 0.
  func gatedAdd(
    _ x: FloatMatrix, rows: Range<Int>, gate: FloatMatrix, _ a: FloatMatrix
  ) {
    pool.forRanges(of: rows.count) { part in
      for row in part {
        unsafe kernels.table.pointee.gated_add(
          x[rows.lowerBound + row], gate[0], a[row], UInt32(gate.columns))
      }
    }
  }
}

extension KernelSet {
  /// The values of a stored row.
  func row(_ row: Int, of stored: StoredMatrix, into out: FloatMatrix, at outRow: Int) {
    unsafe withUnsafePointer(to: stored.matrix) {
      unsafe table.pointee.row($0, UInt32(row), out[outRow])
    }
  }
}
