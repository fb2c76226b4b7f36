import CKernels
import Kernels
import Parallel
import TensorCore

/// What computes: kernels, threads, the mode, and the products that all layers are made of.
struct Compute: Sendable {
  let kernels: KernelSet
  let pool: ThreadPool
  let mode: ComputeMode
  /// Is shown what is multiplied; nil but in calibration.
  var tap: InputTap?

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
  func pack(_ x: FloatMatrix, tokens: Int, into packed: PackedRows, for group: LinearGroup) {
    tap?.show(x, tokens: tokens, group)
    let table = unsafe kernels.table
    let stride = x.stride
    let columns = x.columns
    if mode == .fast && group.hasQuantized {
      let rowBytes = kb_fast_bytes(1, UInt32(columns))
      pool.forRanges(of: tokens, grain: Int(KB_FAST_TOKENS)) { part in
        unsafe table.pointee.quantize_rows(
          x[part.lowerBound], stride, UInt32(part.count), UInt32(columns),
          UnsafeMutableRawPointer(packed.codes[0]) + part.lowerBound * rowBytes)
      }
    }
    guard mode == .exact || group.hasFloats else { return }
    let block = Int(unsafe table.pointee.token_block)
    pool.forRanges(of: tokens, grain: block) { part in
      unsafe table.pointee.pack(
        x[part.lowerBound], stride, UInt32(part.count), UInt32(columns),
        packed.floats[0] + part.lowerBound * columns)
    }
  }

  /// Multiplies packed rows `[tokens, inputs]` by several matrices: outputs `[tokens, outputs]`.
  ///
  /// - Parameters:
  ///   - packed: what `pack` left for these matrices.
  ///   - tokens: how many rows.
  ///   - group: the matrices, of the same number of inputs.
  ///   - outputs: where the results go, one for each matrix.
  func multiply(
    _ packed: PackedRows, tokens: Int, by group: LinearGroup, into outputs: [FloatMatrix.View]
  ) {
    // Pieces even out what one thread loses to other programs; few tokens have no time for them.
    let pieces = pool.threadCount * (tokens < 16 ? 1 : 4)
    unsafe outputs.withUnsafeBufferPointer { outputs in
      let product = unsafe Product(
        table: kernels.table, isFast: mode == .fast, tokens: tokens, codes: packed.codes[0],
        floats: packed.floats[0], parts: group.parts, outputs: outputs, tiles: group.tileCount,
        pieces: min(pieces, group.tileCount))
      unsafe pool.run(product.pieces, product) { product, piece in
        unsafe product.load(as: Product.self).run(piece)
      }
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
