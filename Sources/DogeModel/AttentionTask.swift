import CKernels
import Kernels
import TensorCore

/// Attention from some tokens of a block to one kv head, with all query heads that share it.
struct AttentionTask: Sendable {
  let attention: DynamicMaskAttention
  /// Rows of the block.
  let tokens: Range<Int>
  let head: Int
  /// The position of the block's first row.
  let start: Int
  let work: Workspace
  let cache: LayerCache
  let scratch: AttentionScratch

  private var group: Int { attention.headCount / attention.keyValueHeadCount }
  var queries: Int { tokens.count * group }
  /// Keys that the last of the tokens sees.
  var keys: Int { start + tokens.upperBound }
  /// Tiles of 16 keys.
  var panels: Int { keys.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows }
  /// Tiles of 16 dimensions of a value.
  var valueTiles: Int {
    attention.headDimension.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows
  }

  /// All steps, on one thread.
  func run() {
    gatherQueries()
    score(panels: 0..<panels)
    softmax(0..<queries)
    packScores(0..<keys)
    sum(tiles: 0..<valueTiles)
    finish()
  }

  /// Puts the queries of all tokens and heads under each other, [queries, hd].
  func gatherQueries() {
    let hd = attention.headDimension
    for query in 0..<queries {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let source = unsafe work.q[tokens.lowerBound + token] + (head * group + member) * hd
      unsafe scratch.queries[query].update(from: source, count: hd)
    }
    unsafe attention.compute.kernels.table.pointee.pack(
      scratch.queries[0], scratch.queries.stride, UInt32(queries), UInt32(hd),
      scratch.packedQueries[0])
  }

  /// q · k for some tiles of keys, [queries, keys].
  func score(panels: Range<Int>) {
    guard let matrix = cache.keyMatrix(head: head, count: keys) else { return }
    multiply(matrix, scratch.packedQueries, tiles: panels, into: scratch.scores)
  }

  /// exp(q · k / √hd + δ - max), and the sums, of some queries.
  func softmax(_ range: Range<Int>) {
    let kernels = unsafe attention.compute.kernels.table
    let scale = 1 / Float(attention.headDimension).squareRoot()
    for query in range {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let position = start + tokens.lowerBound + token
      let first = attention.slidingWindow.map { max(0, position - $0 + 1) } ?? 0
      let row = attention.maskRows == attention.headCount ? head * group + member : head
      var mask = unsafe UnsafePointer(cache.mask[row])
      if let keep = attention.keepWindowSize, position + 1 - first > keep {
        unsafe kb_keep_largest(
          mask, UInt32(first), UInt32(position + 1), UInt32(keep), scratch.kept[query])
        unsafe mask = UnsafePointer(scratch.kept[query])
      }
      let sum = unsafe kernels.pointee.softmax(
        scratch.scores[query], mask, scale, UInt32(first), UInt32(position + 1),
        UInt32(panels * TensorGeometry.tileRows))
      unsafe scratch.sums[0][query] = sum
    }
  }

  /// Whether `packScores` may be cut into ranges: all queries fit one block.
  var packsByKeys: Bool {
    let block = unsafe Int(attention.compute.kernels.table.pointee.token_block)
    return queries <= block && queries & (queries - 1) == 0
  }

  /// Rearranges the scores of some keys for `sum`.
  func packScores(_ range: Range<Int>) {
    unsafe attention.compute.kernels.table.pointee.pack(
      scratch.scores[0] + range.lowerBound, scratch.scores.stride, UInt32(queries),
      UInt32(range.count), scratch.packedScores[0] + range.lowerBound * queries)
  }

  /// Weighted sums of values for some tiles of dimensions, [queries, hd].
  func sum(tiles: Range<Int>) {
    guard let matrix = cache.valueMatrix(head: head, count: keys) else { return }
    multiply(matrix, scratch.packedScores, tiles: tiles, into: scratch.queries)
  }

  /// Divides by the sums and puts each head where the output projection expects it.
  func finish() {
    let hd = attention.headDimension
    for query in 0..<queries {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let out = unsafe work.attended[tokens.lowerBound + token] + (head * group + member) * hd
      unsafe attention.compute.kernels.table.pointee.divide(
        scratch.queries[query], scratch.sums[0][query], UInt32(hd), out)
    }
  }

  private func multiply(
    _ matrix: StoredMatrix, _ packed: FloatMatrix, tiles: Range<Int>, into out: FloatMatrix
  ) {
    unsafe withUnsafePointer(to: matrix.matrix) {
      unsafe attention.compute.kernels.table.pointee.matmul(
        $0, packed[0], UInt32(queries), UInt32(tiles.lowerBound), UInt32(tiles.upperBound),
        out[0], out.stride)
    }
  }
}
