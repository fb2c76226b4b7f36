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
final class DynamicMaskAttention: Sendable {
  let weights: AttentionWeights
  let compute: Compute
  let headCount: Int
  let keyValueHeadCount: Int
  let headDimension: Int
  let maskRows: Int
  let slidingWindow: Int?
  /// Keys that a query keeps; nil where nothing is pruned.
  let keepWindowSize: Int?
  private let epsilon: Float
  private let inputs: LinearGroup
  private let outputs: LinearGroup

  init(
    _ weights: AttentionWeights, config: DogeConfig, layout: CheckpointLayout, compute: Compute
  ) {
    self.weights = weights
    self.compute = compute
    headCount = config.headCount
    keyValueHeadCount = config.keyValueHeadCount
    headDimension = config.headDimension
    maskRows = layout.maskRows
    slidingWindow = config.slidingWindow
    keepWindowSize = layout.prunes ? config.keepWindowSize : nil
    epsilon = config.rmsNormEpsilon
    inputs = LinearGroup([weights.q, weights.k, weights.v])
    outputs = LinearGroup([weights.o])
  }

  /// Attends from a block of tokens, whose keys and values it adds to the cache.
  ///
  /// - Parameters:
  ///   - work: its `normed` holds the block's rows `[tokens, d]`; the result goes to `projected`.
  ///   - positions: the block's positions in the sequence.
  ///   - cache: the block's cache of keys, values and masks.
  ///   - rotation: cosines and sines of the call's positions.
  func run(
    _ work: Workspace, positions: Range<Int>, cache: LayerCache, rotation: RotaryTable.Rows
  ) {
    let tokens = positions.count
    compute.pack(work.normed, tokens: tokens, into: work.packed, for: inputs)
    compute.multiply(work.packed, tokens: tokens, by: inputs, into: work.qkv)
    compute.pool.forRanges(of: tokens) { part in
      for token in part {
        prepare(token, position: positions.lowerBound + token, work, cache, rotation)
      }
    }
    attend(work, positions: positions, cache: cache)
    compute.pack(work.attended, tokens: tokens, into: work.packed, for: outputs)
    compute.multiply(work.packed, tokens: tokens, by: outputs, into: work.projections)
  }

  /// Normalizes and rotates a token's queries and keys, and stores its keys, values and mask.
  private func prepare(
    _ token: Int, position: Int, _ work: Workspace, _ cache: LayerCache,
    _ rotation: RotaryTable.Rows
  ) {
    let kernels = unsafe compute.kernels.table
    let hd = headDimension
    let row = position - rotation.first
    func normAndRotate(_ x: UnsafeMutablePointer<Float>, _ norm: FloatMatrix?) {
      if let norm {
        unsafe kernels.pointee.rms_norm(x, norm[0], epsilon, UInt32(hd), x)
      }
      unsafe kernels.pointee.rotate(x, rotation.cosine[row], rotation.sine[row], UInt32(hd / 2))
    }
    for head in 0..<headCount {
      unsafe normAndRotate(work.q[token] + head * hd, weights.qNorm)
    }
    for head in 0..<keyValueHeadCount {
      let key = unsafe work.k[token] + head * hd
      unsafe normAndRotate(key, weights.kNorm)
      unsafe cache.store(
        key: key, value: work.v[token] + head * hd, head: head, position: position)
    }
    for row in 0..<maskRows {
      var z = unsafe kernels.pointee.dot(
        weights.dt[row], work.v[token], UInt32(weights.dt.columns))
      if let bias = weights.dtBias { unsafe z += bias[0][row] }
      unsafe cache.mask[row][position] = kb_dynamic_mask(weights.maskScale[0][row], z)
    }
  }

  /// Scores, softmax and weighted sums, for a few tokens and one kv head at a time.
  private func attend(_ work: Workspace, positions: Range<Int>, cache: LayerCache) {
    let group = headCount / keyValueHeadCount
    let span = min(positions.count, max(1, 24 / group))
    let spans = (positions.count + span - 1) / span
    let tasks = spans * keyValueHeadCount
    let threads = compute.pool.threadCount
    let scratch = work.attentionScratch(
      threads: max(threads, keyValueHeadCount), queries: span * group,
      keys: positions.upperBound)
    func task(_ number: Int, _ scratch: AttentionScratch) -> AttentionTask {
      let (index, head) = number.quotientAndRemainder(dividingBy: keyValueHeadCount)
      let tokens = index * span..<min((index + 1) * span, positions.count)
      return AttentionTask(
        attention: self, tokens: tokens, head: head, start: positions.lowerBound, work: work,
        cache: cache, scratch: scratch)
    }
    guard spans == 1, threads > 1, positions.upperBound >= Self.manyKeys else {
      let parts = min(tasks, threads)
      compute.pool.run(parts) { part in
        // Later tokens see more keys; taking every parts-th task evens that out.
        for number in stride(from: part, to: tasks, by: parts) {
          task(number, scratch[part]).run()
        }
      }
      return
    }
    // A few queries and many keys: all threads share the keys, then the dimensions of values.
    let heads = (0..<tasks).map { task($0, scratch[$0]) }
    for task in heads { task.gatherQueries() }
    for task in heads { compute.pool.forRanges(of: task.panels) { task.score(panels: $0) } }
    for task in heads { compute.pool.forRanges(of: task.queries) { task.softmax($0) } }
    for task in heads {
      guard task.packsByKeys else {
        task.packScores(0..<task.keys)
        continue
      }
      compute.pool.forRanges(of: task.keys) { task.packScores($0) }
    }
    for task in heads { compute.pool.forRanges(of: task.valueTiles) { task.sum(tiles: $0) } }
    for task in heads { task.finish() }
  }

  /// Keys from which on a single call is worth cutting up.
  private static let manyKeys = 256
}
