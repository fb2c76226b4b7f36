import Kernels
import TensorCore

/// Attention from some tokens of a block to one kv head, with all query heads that share it.
///
///     o_h = softmax_j(q_h · k_g[j] / √hd + δ_r[j]) · v_g[j]
///
/// It is cut into steps, and most steps into ranges, which threads may share; `run` takes them all.
struct AttentionTask: Sendable {
  let attention: DynamicMaskAttention
  /// Rows of the matrices.
  let tokens: Range<Int>
  /// The kv head.
  let head: Int
  /// What is added to a row for its position in the sequence.
  let start: Int
  let work: LayerBuffers
  let cache: FloatLayerCache
  let scratch: AttentionScratch

  private var kernels: KernelSet { attention.kernels }
  private var group: Int { attention.group }
  /// Queries: all tokens, and of each the heads that share the kv head.
  var queries: Int { tokens.count * group }
  /// Keys that the last of the tokens sees.
  var keys: Int { start + tokens.upperBound }
  /// Tiles of 16 keys.
  var keyTiles: Int { cache.keyTiles(head: head, count: keys).tileCount }
  /// Tiles of 16 dimensions of a value.
  var valueTiles: Int { cache.valueTiles(head: head, count: keys).tileCount }

  /// All steps, on one thread.
  func run() {
    gatherQueries()
    score(tiles: 0..<keyTiles)
    softmax(0..<queries)
    packScores(0..<keys)
    sum(tiles: 0..<valueTiles)
    finish()
  }

  /// Puts the queries of all tokens and heads under each other, [queries, hd].
  func gatherQueries() {
    for query in 0..<queries {
      scratch.queries[query].copy(place(of: query, in: work.q))
    }
    kernels.pack(
      scratch.queries, rows: queries, columns: 0..<attention.headDimension,
      into: scratch.packedQueries)
  }

  /// q · k for some tiles of keys, [queries, keys].
  func score(tiles: Range<Int>) {
    kernels.multiply(
      scratch.packedQueries, rows: queries, by: cache.keys,
      cache.keyTiles(head: head, count: keys), tiles: tiles, into: scratch.scores)
  }

  /// exp(q · k / √hd + δ − max), and the sums, of some queries.
  func softmax(_ range: Range<Int>) {
    let scale = 1 / Float(attention.headDimension).squareRoot()
    let padded = keyTiles * TensorGeometry.tileRows
    for query in range {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let maskRow = attention.visibility.maskRow(head: head, member: member)
      scratch.sums[0][query] = attention.visibility.softmax(
        scratch.scores[query], mask: cache.mask[maskRow],
        at: start + tokens.lowerBound + token, scale: scale, kept: scratch.kept[query],
        padded: padded, kernels)
    }
  }

  /// Whether `packScores` may be cut into ranges: all queries fit one block.
  var packsByKeys: Bool { queries <= kernels.packedBlock && queries & (queries - 1) == 0 }

  /// Rearranges the scores of some keys for `sum`.
  func packScores(_ range: Range<Int>) {
    kernels.pack(scratch.scores, rows: queries, columns: range, into: scratch.packedScores)
  }

  /// Weighted sums of values for some tiles of dimensions, [queries, hd].
  func sum(tiles: Range<Int>) {
    kernels.multiply(
      scratch.packedScores, rows: queries, by: cache.values,
      cache.valueTiles(head: head, count: keys), tiles: tiles, into: scratch.queries)
  }

  /// Divides by the sums and puts each head where the output projection expects it.
  func finish() {
    for query in 0..<queries {
      kernels.divide(
        scratch.queries[query], by: scratch.sums[0][query],
        into: place(of: query, in: work.attended))
    }
  }

  /// A query's part of a matrix `[block, H hd]`.
  private func place(of query: Int, in matrix: FloatMatrix) -> FloatRow {
    let (token, member) = query.quotientAndRemainder(dividingBy: group)
    let first = (head * group + member) * attention.headDimension
    return matrix[tokens.lowerBound + token].part(first..<first + attention.headDimension)
  }
}
