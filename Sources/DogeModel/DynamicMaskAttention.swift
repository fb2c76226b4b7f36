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
  let kernels: KernelSet
  let inputs: LinearGroup  // q, k, v
  let keysAndValues: LinearGroup  // k, v
  let outputs: LinearGroup  // o
  private let weights: AttentionWeights<Linear>
  private let epsilon: Float

  init(
    _ weights: AttentionWeights<Linear>, config: DogeConfig, layout: CheckpointLayout,
    mode: ComputeMode, kernels: KernelSet
  ) {
    self.weights = weights
    self.kernels = kernels
    visibility = KeyVisibility(config, layout)
    headCount = config.headCount
    keyValueHeadCount = config.keyValueHeadCount
    headDimension = config.headDimension
    epsilon = config.rmsNormEpsilon
    inputs = LinearGroup([weights.q, weights.k, weights.v], mode: mode)
    keysAndValues = LinearGroup([weights.k, weights.v], mode: mode)
    outputs = LinearGroup([weights.o], mode: mode)
  }

  /// Query heads that share a kv head.
  var group: Int { headCount / keyValueHeadCount }

  /// q = RoPE(norm(q)) of the query heads that share a kv head, in place, for some rows of a block.
  func rotateQueries(
    head: Int, rows: Range<Int>, from start: Int, _ rotation: RotaryTable.Rows,
    _ work: LayerBuffers
  ) {
    for row in rows {
      for member in 0..<group {
        rotate(
          part(head * group + member, of: work.q[row]), weights.qNorm, position: start + row,
          rotation)
      }
    }
  }

  /// Adds rows of a block to the cache, for one kv head: k = RoPE(norm(k)), v and
  /// δ = exp(A · softplus(W_dt v)).
  func remember(
    head: Int, rows: Range<Int>, from start: Int, _ rotation: RotaryTable.Rows,
    _ work: LayerBuffers, _ cache: LayerCache
  ) {
    for row in rows {
      let k = part(head, of: work.k[row])
      rotate(k, weights.kNorm, position: start + row, rotation)
      let v = part(head, of: work.v[row])
      switch cache {
      case .floats(let cache):
        cache.store(key: k, value: v, head: head, position: start + row)
      case .codes(let cache):
        cache.keyValues.store(key: k, value: v, head: head, position: start + row, kernels)
      }
      for mask in visibility.maskRows(head: head) {
        var z = kernels.dot(weights.dt[mask], work.v[row])
        if let bias = weights.dtBias { z += bias[0][mask] }
        let value = dynamicMask(scale: weights.maskScale[0][mask], z)
        switch cache {
        case .floats(let cache): cache.mask[mask][start + row] = value
        case .codes(let cache): cache.keyValues[maskRow: mask, start + row] = value
        }
      }
    }
  }

  private func rotate(
    _ x: FloatRow, _ norm: FloatMatrix?, position: Int, _ rotation: RotaryTable.Rows
  ) {
    if let norm { kernels.rmsNorm(x, weight: norm[0], epsilon: epsilon, into: x) }
    let row = position - rotation.first
    kernels.rotate(x, cosine: rotation.cosine[row], sine: rotation.sine[row])
  }

  /// A head's part of a row `[heads hd]`.
  private func part(_ head: Int, of row: FloatRow) -> FloatRow {
    row.part(head * headDimension..<(head + 1) * headDimension)
  }
}
