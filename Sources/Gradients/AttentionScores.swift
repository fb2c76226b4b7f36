import CKernels
import DogeArchitecture
import DogeModel
import Kernels
import Parallel
import TensorCore

/// o = softmax(q kᵀ / √hd + δ) v of all heads, and its gradient.
///
/// Queries pass in blocks of tokens, those of all heads that share keys under each other, and see
/// the keys up to the block's last token. The backward pass computes the probabilities P anew:
///
///     dV = Pᵀ dO      dP = dO Vᵀ      dS = P ⊙ (dP − rowsum(P ⊙ dP))
///     dQ = dS K / √hd      dK = dSᵀ Q / √hd      dδ = columnsum(dS)
///
/// Which keys a query keeps is a constant; one that it does not see has P = 0.
final class AttentionScores {
  private static let blockTokens = 120

  private let engine: Engine
  private let group: Int
  private let hd: Int
  private let scale: Float
  private let queries: FloatMatrix  // Q of a block, [group · block, hd]
  private let outputs: FloatMatrix  // O, then dO and dQ, [group · block, hd]
  private let probabilities: FloatMatrix  // S, then P, [group · block, T]
  private let dScores: FloatMatrix  // dP, then dS, [group · block, T]
  private let kept: FloatMatrix?  // the mask with what a query drops at −∞, [group · block, T]
  private let sums: FloatMatrix  // of the exponentials, [1, group · block]

  /// Memory for sequences of at most so many tokens T.
  init(_ engine: Engine, tokens: Int) {
    self.engine = engine
    let config = engine.config
    group = config.headCount / config.keyValueHeadCount
    hd = config.headDimension
    scale = 1 / Float(hd).squareRoot()
    let rows = group * min(tokens, Self.blockTokens)
    queries = FloatMatrix(rows: rows, columns: hd)
    outputs = FloatMatrix(rows: rows, columns: hd)
    probabilities = FloatMatrix(rows: rows, columns: tokens)
    dScores = FloatMatrix(rows: rows, columns: tokens)
    let prunes = engine.layout.prunes && config.keepWindowSize < tokens
    kept = prunes ? FloatMatrix(rows: rows, columns: tokens) : nil
    sums = FloatMatrix(rows: 1, columns: rows)
  }

  /// The tokens of one block and the kv head that they attend to.
  ///
  /// Its row `member · tokens.count + i` is the query of token i of the head's member.
  private struct Block {
    let head: Int
    let tokens: Range<Int>
    let rows: Int
    /// Keys that the last of the tokens sees.
    var keys: Int { tokens.upperBound }
  }

  private func forBlocks(_ tokens: Int, _ body: (Block) -> Void) {
    for head in 0..<engine.config.keyValueHeadCount {
      for first in stride(from: 0, to: tokens, by: Self.blockTokens) {
        let range = first..<min(first + Self.blockTokens, tokens)
        body(Block(head: head, tokens: range, rows: range.count * group))
      }
    }
  }

  // MARK: the two passes

  /// Writes the tape's `attended`.
  func forward(_ tape: BlockTape, tokens: Int) {
    forBlocks(tokens) { block in
      score(block, tape)
      let out = outputs.first(block.rows)
      engine.gemm.multiply(
        probabilities.view(rows: 0..<block.rows, columns: 0..<block.keys), values(block, tape),
        into: out)
      engine.forRows(block.rows) { row in
        unsafe engine.kernels.table.pointee.divide(
          out[row], sums[0][row], UInt32(hd), place(of: row, block, in: tape.attended))
      }
    }
  }

  /// From the gradient of `attended`: dQ and dK behind rotation, dV without what comes through the
  /// mask, and the mask's own.
  func backward(_ tape: BlockTape, _ scratch: Scratch, tokens: Int) {
    let gemm = engine.gemm
    scratch.dK.zero(rows: tokens)
    scratch.dV.zero(rows: tokens)
    scratch.dMask.zero(rows: scratch.dMask.rows)
    forBlocks(tokens) { block in
      score(block, tape)
      gather(scratch.dAttended, block, into: outputs)
      let (q, dO) = (queries.first(block.rows), outputs.first(block.rows))
      let p = probabilities.view(rows: 0..<block.rows, columns: 0..<block.keys)
      let dS = dScores.view(rows: 0..<block.rows, columns: 0..<block.keys)
      normalize(p)
      gemm.multiply(p.transposed, dO, into: columns(block, scratch.dV), adding: true)
      gemm.multiply(dO, values(block, tape).transposed, into: dS)
      softmaxBackward(p, dS)
      addMaskGradient(dS, block, to: scratch.dMask)
      gemm.multiply(dS.transposed, q, into: columns(block, scratch.dK), adding: true)
      gemm.multiply(dS, columns(block, tape.k), into: dO)
      engine.forRows(block.rows) { row in
        unsafe place(of: row, block, in: scratch.dQ).update(from: dO[row], count: hd)
      }
    }
  }

  // MARK: steps

  /// exp(q · k / √hd + δ − max) of the block's queries, and the sums of their rows.
  private func score(_ block: Block, _ tape: BlockTape) {
    gather(tape.q, block, into: queries)
    let s = probabilities.view(rows: 0..<block.rows, columns: 0..<block.keys)
    engine.gemm.multiply(
      queries.first(block.rows), columns(block, tape.k).transposed, into: s)
    engine.forRows(block.rows) { row in
      let (member, index) = row.quotientAndRemainder(dividingBy: block.tokens.count)
      let position = block.tokens.lowerBound + index
      let first = engine.config.slidingWindow.map { max(0, position - $0 + 1) } ?? 0
      let maskRow = maskRow(block, member)
      var mask = unsafe UnsafePointer(tape.mask[maskRow])
      let keep = engine.config.keepWindowSize
      if let kept, position + 1 - first > keep {
        unsafe kb_keep_largest(
          mask, UInt32(first), UInt32(position + 1), UInt32(keep), kept[row])
        unsafe mask = UnsafePointer(kept[row])
      }
      let sum = unsafe engine.kernels.table.pointee.softmax(
        s[row], mask, scale, UInt32(first), UInt32(position + 1),
        UInt32(block.keys.roundedUp(to: TensorGeometry.tileRows)))
      unsafe sums[0][row] = sum
    }
  }

  /// The exponentials over their sums, in place.
  private func normalize(_ p: MatrixView) {
    engine.forRows(p.rows) { row in
      unsafe engine.kernels.table.pointee.divide(p[row], sums[0][row], UInt32(p.columns), p[row])
    }
  }

  /// dS = P ⊙ (dP − rowsum(P ⊙ dP)), in place of dP; then times 1/√hd on the way to q and k.
  private func softmaxBackward(_ p: MatrixView, _ dS: MatrixView) {
    engine.forRows(p.rows) { row in
      let (p, d, count) = unsafe (p[row], dS[row], p.columns)
      let sum = unsafe engine.kernels.table.pointee.dot(p, d, UInt32(count))
      for key in 0..<count { unsafe d[key] = p[key] * (d[key] - sum) }
    }
  }

  /// Adds dS over the queries that share a row of the mask, in the order of rows, and leaves
  /// dS / √hd, which is what the products with keys and queries want.
  private func addMaskGradient(_ dS: MatrixView, _ block: Block, to dMask: FloatMatrix) {
    engine.pool.forRanges(of: block.keys, grain: TensorGeometry.tileRows) { keys in
      for row in 0..<dS.rows {
        let maskRow = maskRow(block, row / block.tokens.count)
        let d = unsafe dS[row] + keys.lowerBound
        unsafe engine.kernels.table.pointee.add(
          dMask[maskRow] + keys.lowerBound, d, UInt32(keys.count))
        for key in 0..<keys.count { unsafe d[key] *= scale }
      }
    }
  }

  private func maskRow(_ block: Block, _ member: Int) -> Int {
    engine.layout.maskRows == engine.config.headCount
      ? block.head * group + member : block.head
  }

  // MARK: where heads lie

  /// The query, or what belongs to it, of a row of the block, in a matrix `[T, H hd]`.
  private func place(
    of row: Int, _ block: Block, in matrix: FloatMatrix
  ) -> UnsafeMutablePointer<Float> {
    let (member, index) = row.quotientAndRemainder(dividingBy: block.tokens.count)
    return unsafe matrix[block.tokens.lowerBound + index] + (block.head * group + member) * hd
  }

  private func gather(_ matrix: FloatMatrix, _ block: Block, into out: FloatMatrix) {
    engine.forRows(block.rows) { row in
      unsafe out[row].update(from: place(of: row, block, in: matrix), count: hd)
    }
  }

  /// The block's keys' part of a matrix `[T, KV hd]`.
  private func columns(_ block: Block, _ matrix: FloatMatrix) -> MatrixView {
    matrix.view(rows: 0..<block.keys, columns: block.head * hd..<(block.head + 1) * hd)
  }

  private func values(_ block: Block, _ tape: BlockTape) -> MatrixView { columns(block, tape.v) }
}
