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

  /// Rearranges the first `tokens` rows of x for products with some matrices.
  func pack(
    _ x: FloatMatrix, tokens: Int, into packed: PackedRows, for matrices: [Linear]
  ) {
    if matrices.contains(where: { usesCodes($0) }) {
      let rowBytes = kb_fast_bytes(1, UInt32(x.columns))
      pool.forRanges(of: tokens, grain: Int(KB_FAST_TOKENS)) { part in
        unsafe kernels.table.pointee.quantize_rows(
          x[part.lowerBound], x.stride, UInt32(part.count), UInt32(x.columns),
          UnsafeMutableRawPointer(packed.codes[0]) + part.lowerBound * rowBytes)
      }
    }
    guard matrices.contains(where: { !usesCodes($0) }) else { return }
    let block = Int(unsafe kernels.table.pointee.token_block)
    pool.forRanges(of: tokens, grain: block) { part in
      unsafe kernels.table.pointee.pack(
        x[part.lowerBound], x.stride, UInt32(part.count), UInt32(x.columns),
        packed.floats[0] + part.lowerBound * x.columns)
    }
  }

  /// Multiplies packed rows `[tokens, inputs]` by several matrices: outputs `[tokens, outputs]`.
  ///
  /// - Parameters:
  ///   - packed: what `pack` left for these matrices.
  ///   - tokens: how many rows.
  ///   - matrices: the matrices, of the same number of inputs.
  ///   - outputs: where the results go, one for each matrix.
  func multiply(
    _ packed: PackedRows, tokens: Int, by matrices: [Linear], into outputs: [FloatMatrix]
  ) {
    let tiles = matrices.reduce(0) { $0 + $1.tileCount }
    pool.forRanges(of: tiles, pieces: tokens < 16 ? 1 : 4) { part in
      var first = 0
      for (index, linear) in matrices.enumerated() {
        let begin = max(part.lowerBound, first) - first
        let end = min(part.upperBound, first + linear.tileCount) - first
        if begin < end {
          multiply(packed, tokens: tokens, by: linear, tiles: begin..<end, outputs[index])
        }
        first += linear.tileCount
      }
    }
  }

  private func usesCodes(_ linear: Linear) -> Bool {
    mode == .fast && linear.isQuantized
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
