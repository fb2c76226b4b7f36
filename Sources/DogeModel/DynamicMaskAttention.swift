import DogeArchitecture
import Kernels
import Parallel

/// Dynamic mask attention: scores of queries and keys plus a mask that depends on the key's value.
///
///     q_h = RoPE(norm(W_q x)),  k_g = RoPE(norm(W_k x)),  v_g = W_v x
///     δ_r[j] = exp(A_r · softplus(W_dt v[j])_r)
///     o_h = softmax_j(q_h · k_g[j] / √hd + δ_r[j]) · v_g[j]      y = W_o o
///
/// over the keys j that the query sees and keeps (`KeyVisibility`).
final class DynamicMaskAttention: Sendable {
  let visibility: KeyVisibility
  let headCount: Int
  let keyValueHeadCount: Int
  let headDimension: Int
  private let layer: LayerCompute
  private let weights: AttentionWeights<Linear>
  private let epsilon: Float
  private let inputs: LinearGroup
  private let outputs: LinearGroup

  var kernels: KernelSet { layer.compute.kernels }

  init(
    _ weights: AttentionWeights<Linear>, config: DogeConfig, layout: CheckpointLayout,
    mode: ComputeMode,
    layer: LayerCompute
  ) {
    self.weights = weights
    self.layer = layer
    visibility = KeyVisibility(config, layout)
    headCount = config.headCount
    keyValueHeadCount = config.keyValueHeadCount
    headDimension = config.headDimension
    epsilon = config.rmsNormEpsilon
    inputs = LinearGroup([weights.q, weights.k, weights.v], mode: mode)
    outputs = LinearGroup([weights.o], mode: mode)
  }

  /// y = Attention(x) for a block of tokens, whose keys and values it adds to the cache.
  ///
  /// - Parameters:
  ///   - x: the block's normalized rows `[tokens, d]`.
  ///   - y: where the result goes, `[tokens, d]`.
  ///   - positions: the block's positions in the sequence.
  ///   - cache: the block's cache of keys, values and masks.
  ///   - rotation: cosines and sines of the call's positions.
  ///   - work: memory that is used meanwhile.
  func run(
    _ x: FloatMatrix, into y: ProductOutputs, positions: Range<Int>, cache: LayerCache,
    rotation: RotaryTable.Rows, _ work: LayerBuffers
  ) {
    let tokens = positions.count
    layer.project(x, rows: tokens, by: inputs, work, into: work.qkv)
    layer.compute.pool.forRanges(of: tokens) { part in
      for token in part {
        let position = positions.lowerBound + token
        rotateHeads(token, rotation, row: position - rotation.first, work)
        remember(token, position: position, work, cache)
      }
    }
    AttentionSchedule(
      attention: self, pool: layer.compute.pool, positions: positions, work: work, cache: cache
    ).run()
    layer.project(work.attended, rows: tokens, by: outputs, work, into: y)
  }

  /// q = RoPE(norm(q)) and k = RoPE(norm(k)) of a token's heads, in place.
  private func rotateHeads(
    _ token: Int, _ rotation: RotaryTable.Rows, row: Int, _ work: LayerBuffers
  ) {
    func rotate(_ x: FloatRow, _ norm: FloatMatrix?) {
      if let norm { kernels.rmsNorm(x, weight: norm[0], epsilon: epsilon, into: x) }
      kernels.rotate(x, cosine: rotation.cosine[row], sine: rotation.sine[row])
    }
    for head in 0..<headCount { rotate(part(head, of: work.q[token]), weights.qNorm) }
    for head in 0..<keyValueHeadCount { rotate(part(head, of: work.k[token]), weights.kNorm) }
  }

  /// Stores a token's keys and values, and δ = exp(A · softplus(W_dt v)).
  private func remember(_ token: Int, position: Int, _ work: LayerBuffers, _ cache: LayerCache) {
    let v = work.v[token]
    for head in 0..<keyValueHeadCount {
      cache.store(
        key: part(head, of: work.k[token]), value: part(head, of: v), head: head,
        position: position)
    }
    for row in 0..<cache.mask.rows {
      var z = kernels.dot(weights.dt[row], v)
      if let bias = weights.dtBias { z += bias[0][row] }
      cache.mask[row][position] = dynamicMask(scale: weights.maskScale[0][row], z)
    }
  }

  /// A head's part of a row `[heads hd]`.
  private func part(_ head: Int, of row: FloatRow) -> FloatRow {
    row.part(head * headDimension..<(head + 1) * headDimension)
  }
}
