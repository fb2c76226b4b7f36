import CKernels
import Parallel
import TensorCore

extension Compute {
  /// Multiplies the first `rows` rows of x by the matrices of a group: out = x Wᵀ + b for each.
  ///
  /// - Parameters:
  ///   - x: `[at least rows, inputs]`.
  ///   - rows: how many.
  ///   - group: the matrices, `[outputs, inputs]` each.
  ///   - packed: memory that is used meanwhile, with room for the rows.
  ///   - outputs: where the results go, `[at least rows, outputs]` for each matrix.
  package func multiply(
    _ x: FloatMatrix, rows: Int, by group: LinearGroup, packed: PackedRows,
    into outputs: ProductOutputs
  ) {
    pack(x, rows: rows, for: group, into: packed)
    // Pieces even out what one thread loses to other programs; few tokens have no time for them.
    let pieces = pool.threadCount * (rows < 16 ? 1 : 4)
    let product = unsafe Product(
      table: kernels.table, isFast: group.mode == .fast, tokens: rows,
      codes: packed.codes.pointer(), floats: packed.floats.pointer(), parts: group.parts,
      outputs: outputs.views, tiles: group.tileCount, pieces: min(pieces, group.tileCount))
    unsafe pool.run(product.pieces, product) { product, piece in
      unsafe product.load(as: Product.self).run(piece)
    }
  }

  /// Rearranges rows as the products with a group want them.
  private func pack(_ x: FloatMatrix, rows: Int, for group: LinearGroup, into packed: PackedRows) {
    precondition(rows <= x.rows, "fewer rows than are to be multiplied")
    let table = unsafe kernels.table
    let columns = x.columns
    if group.mode == .fast && group.hasQuantized {
      let rowBytes = kb_fast_bytes(1, UInt32(columns))
      pool.forRanges(of: rows, grain: Int(KB_FAST_TOKENS)) { part in
        unsafe table.pointee.quantize_rows(
          x.pointer(part.lowerBound), x.stride, UInt32(part.count), UInt32(columns),
          UnsafeMutableRawPointer(packed.codes.pointer()) + part.lowerBound * rowBytes)
      }
    }
    guard group.mode == .exact || group.hasFloats else { return }
    pool.forRanges(of: rows, grain: kernels.packedBlock) { part in
      unsafe table.pointee.pack(
        x.pointer(part.lowerBound), x.stride, UInt32(part.count), UInt32(columns),
        packed.floats.pointer() + part.lowerBound * columns)
    }
  }
}

/// A product of packed rows with a group of matrices, cut into pieces of about as many tiles.
///
/// It holds plain values and pointers, so that a thread can begin without asking for more.
@safe private struct Product: BitwiseCopyable {
  let table: UnsafePointer<kb_kernels>
  let isFast: Bool
  let tokens: Int
  let codes: UnsafeRawPointer  // [tokens, inputs], for quantized matrices in fast mode
  let floats: UnsafePointer<Float>  // [tokens, inputs], for the others
  let parts: UnsafeBufferPointer<LinearGroup.Part>
  let outputs: UnsafeBufferPointer<FloatMatrix.View>  // [tokens, outputs], for each part
  let tiles: Int
  let pieces: Int

  /// Computes one piece.
  func run(_ piece: Int) {
    let range = tiles * piece / pieces..<tiles * (piece + 1) / pieces
    for index in unsafe parts.indices {
      let part = unsafe parts[index]
      let mine = range.clamped(to: part.tiles)
      guard !mine.isEmpty else { continue }
      let first = mine.lowerBound - part.tiles.lowerBound
      unsafe multiply(part, tiles: first..<first + mine.count, into: outputs[index])
    }
  }

  private func multiply(_ part: LinearGroup.Part, tiles: Range<Int>, into out: FloatMatrix.View) {
    let (first, last) = (UInt32(tiles.lowerBound), UInt32(tiles.upperBound))
    unsafe withUnsafePointer(to: part.matrix) { matrix in
      if isFast && part.isQuantized {
        unsafe table.pointee.matmul_fast(
          matrix, codes, UInt32(tokens), first, last, out.base, out.stride)
      } else {
        unsafe table.pointee.matmul(
          matrix, floats, UInt32(tokens), first, last, out.base, out.stride)
      }
    }
    guard let bias = unsafe part.bias else { return }
    let begin = tiles.lowerBound * TensorGeometry.tileRows
    let end = min(tiles.upperBound * TensorGeometry.tileRows, part.outputs)
    for token in 0..<tokens {
      unsafe table.pointee.add(
        out.base + token * out.stride + begin, bias + begin, UInt32(end - begin))
    }
  }
}
