import CKernels
import Kernels
import Parallel
import TensorCore

/// What computes: kernels, threads, the mode, and the products that all layers are made of.
struct Compute: Sendable {
  let kernels: KernelSet
  let pool: ThreadPool
  let mode: ComputeMode

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

  /// Rearranges the first `tokens` rows of x for products with the matrices of `products`.
  func pack(
    _ x: FloatMatrix, tokens: Int, into packed: PackedRows, for products: [Linear]
  ) {
    if products.contains(where: { usesCodes($0) }) {
      // Blocks of tokens are quantized on their own, but lie in one buffer whose parts follow
      // from the number of tokens, so this is cut by nothing: it costs little beside a product.
      unsafe kernels.table.pointee.quantize_rows(
        x[0], x.stride, UInt32(tokens), UInt32(x.columns), packed.codes[0])
    }
    guard products.contains(where: { !usesCodes($0) }) else { return }
    let block = Int(unsafe kernels.table.pointee.token_block)
    pool.forRanges(of: tokens, grain: block) { part in
      unsafe kernels.table.pointee.pack(
        x[part.lowerBound], x.stride, UInt32(part.count), UInt32(x.columns),
        packed.floats[0] + part.lowerBound * x.columns)
    }
  }

  /// Multiplies packed rows `[tokens, inputs]` by several matrices: outputs `[tokens, outputs]`.
  func multiply(
    _ packed: PackedRows, tokens: Int, by products: [(linear: Linear, output: FloatMatrix)]
  ) {
    let tiles = products.reduce(0) { $0 + $1.linear.weight.geometry.tileCount }
    pool.forRanges(of: tiles) { part in
      var first = 0
      for (linear, output) in products {
        let count = linear.weight.geometry.tileCount
        let begin = max(part.lowerBound, first) - first
        let end = min(part.upperBound, first + count) - first
        if begin < end {
          multiply(packed, tokens: tokens, by: linear, tiles: begin..<end, output)
        }
        first += count
      }
    }
  }

  private func usesCodes(_ linear: Linear) -> Bool {
    mode == .fast && linear.weight.geometry.type.isQuantized
  }

  private func multiply(
    _ packed: PackedRows, tokens: Int, by linear: Linear, tiles: Range<Int>, _ out: FloatMatrix
  ) {
    let (first, last) = (UInt32(tiles.lowerBound), UInt32(tiles.upperBound))
    unsafe withUnsafePointer(to: linear.weight.matrix) {
      if usesCodes(linear) {
        unsafe kernels.table.pointee.matmul_fast(
          $0, packed.codes[0], UInt32(tokens), first, last, out[0], out.stride)
      } else {
        unsafe kernels.table.pointee.matmul(
          $0, packed.floats[0], UInt32(tokens), first, last, out[0], out.stride)
      }
    }
    guard let bias = linear.bias else { return }
    let begin = tiles.lowerBound * TensorGeometry.tileRows
    let end = min(tiles.upperBound * TensorGeometry.tileRows, bias.columns)
    for token in 0..<tokens {
      unsafe kernels.table.pointee.add(out[token] + begin, bias[0] + begin, UInt32(end - begin))
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
