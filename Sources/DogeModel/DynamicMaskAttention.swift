import CKernels
import DogeArchitecture
import Kernels
import Parallel
import TensorCore

/// Dynamic mask attention: scores of queries and keys plus a mask that depends on the key's value.
///
///     q_h = RoPE(norm(W_q x)),  k_g = RoPE(norm(W_k x)),  v_g = W_v x
///     δ_r[j] = exp(A_r · softplus(W_dt v[j])_r)
///     o_h = softmax_j(q_h · k_g[j] / √hd + δ_r[j]) · v_g[j]      y = W_o o
///
/// over the visible keys j, of which each query keeps the `keepWindowSize` with the largest δ.
struct DynamicMaskAttention {
  let weights: AttentionWeights
  let config: DogeConfig
  let layout: CheckpointLayout
  let compute: Compute

  /// Attends from a block of tokens, whose keys and values it adds to the cache.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds the block's rows `[tokens, d]`; the result goes to `projected`.
  ///   - positions: the block's positions in the sequence.
  ///   - cache: the block's cache of keys, values and masks.
  ///   - rotation: cosines and sines of the call.
  ///   - callStart: the position of their first row.
  func run(
    _ work: Workspace, positions: Range<Int>, cache: LayerCache,
    rotation: (cosine: FloatMatrix, sine: FloatMatrix), callStart: Int
  ) {
    let tokens = positions.count
    compute.pack(
      work.normed, tokens: tokens, into: work.packed, for: [weights.q, weights.k, weights.v])
    compute.multiply(
      work.packed, tokens: tokens,
      by: [(weights.q, work.q), (weights.k, work.k), (weights.v, work.v)])
    compute.pool.forRanges(of: tokens) { part in
      for token in part {
        let row = positions.lowerBound + token - callStart
        prepare(
          token, position: positions.lowerBound + token, work, cache,
          cosine: rotation.cosine, sine: rotation.sine, rotationRow: row)
      }
    }
    attend(work, positions: positions, cache: cache)
    compute.pack(work.attended, tokens: tokens, into: work.packed, for: [weights.o])
    compute.multiply(work.packed, tokens: tokens, by: [(weights.o, work.projected)])
  }

  /// Normalizes and rotates a token's queries and keys, and stores its keys, values and mask.
  private func prepare(
    _ token: Int, position: Int, _ work: Workspace, _ cache: LayerCache,
    cosine: FloatMatrix, sine: FloatMatrix, rotationRow: Int
  ) {
    let kernels = unsafe compute.kernels.table
    let hd = config.headDimension
    func normAndRotate(_ x: UnsafeMutablePointer<Float>, _ norm: FloatMatrix?) {
      if let norm {
        unsafe kernels.pointee.rms_norm(x, norm[0], config.rmsNormEpsilon, UInt32(hd), x)
      }
      unsafe kernels.pointee.rotate(x, cosine[rotationRow], sine[rotationRow], UInt32(hd / 2))
    }
    for head in 0..<config.headCount {
      unsafe normAndRotate(work.q[token] + head * hd, weights.qNorm)
    }
    for head in 0..<config.keyValueHeadCount {
      let key = unsafe work.k[token] + head * hd
      unsafe normAndRotate(key, weights.kNorm)
      unsafe cache.store(
        key: key, value: work.v[token] + head * hd, head: head, position: position)
    }
    for row in 0..<layout.maskRows {
      var z = unsafe kernels.pointee.dot(
        weights.dt[row], work.v[token], UInt32(weights.dt.columns))
      if let bias = weights.dtBias { unsafe z += bias[0][row] }
      unsafe cache.mask[row][position] = kb_dynamic_mask(weights.maskScale[0][row], z)
    }
  }

  /// Scores, softmax and weighted sums, a kv head and a few tokens at a time.
  private func attend(_ work: Workspace, positions: Range<Int>, cache: LayerCache) {
    let group = config.headCount / config.keyValueHeadCount
    let span = max(1, 24 / group)
    let spans = (positions.count + span - 1) / span
    let tasks = spans * config.keyValueHeadCount
    let parts = min(tasks, compute.pool.threadCount)
    let queries = min(span, positions.count) * group
    compute.pool.run(parts) { part in
      let scratch = AttentionScratch(
        queries: queries, headDimension: config.headDimension, keys: positions.upperBound)
      // Later tokens see more keys; taking every parts-th task evens that out.
      for task in stride(from: part, to: tasks, by: parts) {
        let (index, head) = task.quotientAndRemainder(dividingBy: config.keyValueHeadCount)
        let tokens = index * span..<min((index + 1) * span, positions.count)
        attend(tokens, head: head, start: positions.lowerBound, work, cache, scratch)
      }
    }
  }

  /// Attends from some tokens to one kv head, with all query heads that share it.
  private func attend(
    _ tokens: Range<Int>, head: Int, start: Int, _ work: Workspace, _ cache: LayerCache,
    _ scratch: AttentionScratch
  ) {
    let kernels = unsafe compute.kernels.table
    let hd = config.headDimension
    let group = config.headCount / config.keyValueHeadCount
    let queries = tokens.count * group
    let keys = start + tokens.upperBound
    let panels = keys.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows
    guard let keyMatrix = cache.keyMatrix(head: head, count: keys),
      let valueMatrix = cache.valueMatrix(head: head, count: keys)
    else { return }
    for query in 0..<queries {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let source = unsafe work.q[tokens.lowerBound + token] + (head * group + member) * hd
      unsafe scratch.queries[query].update(from: source, count: hd)
    }
    // Scores [queries, keys].
    unsafe kernels.pointee.pack(
      scratch.queries[0], scratch.queries.stride, UInt32(queries), UInt32(hd), scratch.packed[0])
    unsafe withUnsafePointer(to: keyMatrix.matrix) {
      unsafe kernels.pointee.matmul(
        $0, scratch.packed[0], UInt32(queries), 0, UInt32(panels), scratch.scores[0],
        scratch.scores.stride)
    }
    let scale = 1 / Float(hd).squareRoot()
    for query in 0..<queries {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let position = start + tokens.lowerBound + token
      let first = config.slidingWindow.map { max(0, position - $0 + 1) } ?? 0
      let row = layout.maskRows == config.headCount ? head * group + member : head
      var mask = unsafe UnsafePointer(cache.mask[row])
      if layout.prunes, position + 1 - first > config.keepWindowSize {
        unsafe kb_keep_largest(
          mask, UInt32(first), UInt32(position + 1), UInt32(config.keepWindowSize),
          scratch.kept[0])
        unsafe mask = UnsafePointer(scratch.kept[0])
      }
      let sum = unsafe kernels.pointee.softmax(
        scratch.scores[query], mask, scale, UInt32(first), UInt32(position + 1),
        UInt32(panels * TensorGeometry.tileRows))
      unsafe scratch.sums[0][query] = sum
    }
    // Weighted sums [queries, hd].
    unsafe kernels.pointee.pack(
      scratch.scores[0], scratch.scores.stride, UInt32(queries), UInt32(keys), scratch.packed[0])
    unsafe withUnsafePointer(to: valueMatrix.matrix) {
      unsafe kernels.pointee.matmul(
        $0, scratch.packed[0], UInt32(queries), 0, UInt32(valueMatrix.geometry.tileCount),
        scratch.queries[0], scratch.queries.stride)
    }
    for query in 0..<queries {
      let (token, member) = query.quotientAndRemainder(dividingBy: group)
      let out = unsafe work.attended[tokens.lowerBound + token] + (head * group + member) * hd
      unsafe kernels.pointee.divide(
        scratch.queries[query], scratch.sums[0][query], UInt32(hd), out)
    }
  }
}

/// Memory for one thread's part of attention.
private struct AttentionScratch {
  let queries: FloatMatrix  // [queries, hd], then the weighted sums
  let scores: FloatMatrix  // [queries, keys]
  let packed: FloatMatrix
  let kept: FloatMatrix  // [keys]
  let sums: FloatMatrix  // [queries]

  init(queries count: Int, headDimension: Int, keys: Int) {
    queries = FloatMatrix(rows: count, columns: headDimension)
    scores = FloatMatrix(rows: count, columns: keys)
    packed = FloatMatrix(rows: 1, columns: count * max(headDimension, keys))
    kept = FloatMatrix(rows: 1, columns: keys)
    sums = FloatMatrix(rows: 1, columns: count)
  }
}
