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

  private let compute: GradientCompute
  private let visibility: KeyVisibility
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
  init(_ compute: GradientCompute, tokens: Int) {
    self.compute = compute
    let config = compute.config
    visibility = KeyVisibility(config, compute.layout)
    group = config.headCount / config.keyValueHeadCount
    hd = config.headDimension
    scale = 1 / Float(hd).squareRoot()
    let rows = group * min(tokens, Self.blockTokens)
    queries = FloatMatrix(rows: rows, columns: hd)
    outputs = FloatMatrix(rows: rows, columns: hd)
    probabilities = FloatMatrix(rows: rows, columns: tokens)
    dScores = FloatMatrix(rows: rows, columns: tokens)
    kept = visibility.prunes(tokens: tokens) ? FloatMatrix(rows: rows, columns: tokens) : nil
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
    for head in 0..<compute.config.keyValueHeadCount {
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
      compute.gemm.multiply(
        probabilities.view(rows: 0..<block.rows, columns: 0..<block.keys), values(block, tape),
        into: out)
      compute.forRows(block.rows) { row in
        compute.kernels.divide(
          out[row], by: sums[0][row], into: place(of: row, block, in: tape.attended))
      }
    }
  }

  /// From the gradient of `attended`: dQ and dK behind rotation, dV without what comes through the
  /// mask, and the mask's own.
  func backward(_ tape: BlockTape, _ scratch: Scratch, tokens: Int) {
    let gemm = compute.gemm
    scratch.dK.clear(rows: tokens)
    scratch.dV.clear(rows: tokens)
    scratch.dMask.clear(rows: scratch.dMask.rows)
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
      compute.forRows(block.rows) { row in
        place(of: row, block, in: scratch.dQ).copy(dO[row])
      }
    }
  }

  // MARK: steps

  /// exp(q · k / √hd + δ − max) of the block's queries, and the sums of their rows.
  private func score(_ block: Block, _ tape: BlockTape) {
    gather(tape.q, block, into: queries)
    let s = probabilities.view(rows: 0..<block.rows, columns: 0..<block.keys)
    compute.gemm.multiply(
      queries.first(block.rows), columns(block, tape.k).transposed, into: s)
    let padded = block.keys.roundedUp(to: TensorGeometry.tileRows)
    compute.forRows(block.rows) { row in
      let (member, index) = row.quotientAndRemainder(dividingBy: block.tokens.count)
      let maskRow = visibility.maskRow(head: block.head, member: member)
      sums[0][row] = visibility.softmax(
        s[row], mask: tape.mask[maskRow], at: block.tokens.lowerBound + index, scale: scale,
        kept: kept?[row], padded: padded, compute.kernels)
    }
  }

  /// The exponentials over their sums, in place.
  private func normalize(_ p: MatrixView) {
    compute.forRows(p.rows) { row in
      compute.kernels.divide(p[row], by: sums[0][row], into: p[row])
    }
  }

  /// dS = P ⊙ (dP − rowsum(P ⊙ dP)), in place of dP; then times 1/√hd on the way to q and k.
  private func softmaxBackward(_ p: MatrixView, _ dS: MatrixView) {
    compute.forRows(p.rows) { row in
      let (p, d) = (p[row], dS[row])
      let sum = compute.kernels.dot(p, d)
      for key in 0..<d.count { d[key] = p[key] * (d[key] - sum) }
    }
  }

  /// Adds dS over the queries that share a row of the mask, in the order of rows, and leaves
  /// dS / √hd, which is what the products with keys and queries want.
  private func addMaskGradient(_ dS: MatrixView, _ block: Block, to dMask: FloatMatrix) {
    compute.pool.forRanges(of: block.keys, grain: TensorGeometry.tileRows) { keys in
      for row in 0..<dS.rows {
        let member = row / block.tokens.count
        let maskRow = visibility.maskRow(head: block.head, member: member)
        let d = dS[row].part(keys)
        compute.kernels.add(d, to: dMask[maskRow].part(keys))
        for key in 0..<d.count { d[key] *= scale }
      }
    }
  }

  // MARK: where heads lie

  /// The query, or what belongs to it, of a row of the block, in a matrix `[T, H hd]`.
  private func place(of row: Int, _ block: Block, in matrix: FloatMatrix) -> FloatRow {
    let (member, index) = row.quotientAndRemainder(dividingBy: block.tokens.count)
    let first = (block.head * group + member) * hd
    return matrix[block.tokens.lowerBound + index].part(first..<first + hd)
  }

  private func gather(_ matrix: FloatMatrix, _ block: Block, into out: FloatMatrix) {
    compute.forRows(block.rows) { row in out[row].copy(place(of: row, block, in: matrix)) }
  }

  /// The block's keys' part of a matrix `[T, KV hd]`.
  private func columns(_ block: Block, _ matrix: FloatMatrix) -> MatrixView {
    matrix.view(rows: 0..<block.keys, columns: block.head * hd..<(block.head + 1) * hd)
  }

  private func values(_ block: Block, _ tape: BlockTape) -> MatrixView { columns(block, tape.v) }
}
