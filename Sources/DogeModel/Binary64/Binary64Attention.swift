import DogeArchitecture
import Kernels
import Parallel

/// Dynamic mask attention in binary64, over a whole sequence.
///
///     q_h = RoPE(norm(W_q x)),  k_g = RoPE(norm(W_k x)),  v_g = W_v x
///     δ_r[j] = exp(A_r · softplus(W_dt v[j])_r)
///     o_h = softmax_j(q_h · k_g[j] / √hd + δ_r[j]) · v_g[j]      y = W_o o
struct Binary64Attention {
  let model: Binary64Model
  let weights: AttentionWeights<Linear>
  let rotation: (cosine: FloatMatrix, sine: FloatMatrix)

  private var config: DogeConfig { model.config }
  private var hd: Int { config.headDimension }

  func run(_ x: Binary64Model.States) -> Binary64Model.States {
    let q = heads(model.product(x, weights.q), norm: weights.qNorm)
    let k = heads(model.product(x, weights.k), norm: weights.kNorm)
    let v = model.product(x, weights.v)
    let mask = v.map(dynamicMask)
    let attended = model.compute.pool.map(x.count) { position in
      (0..<config.headCount).flatMap { head in
        self.attend(q[position][head], k, v, mask, head: head, at: position)
      }
    }
    return model.product(attended, weights.o)
  }

  /// The heads of each row, normalized and rotated: `[tokens][heads][hd]`.
  private func heads(_ rows: Binary64Model.States, norm: FloatMatrix?) -> [[[Double]]] {
    rows.enumerated().map { position, row in
      stride(from: 0, to: row.count, by: hd).map { first in
        let part = row[first..<first + hd]
        let x = norm.map { model.rmsNorm(part, $0) } ?? Array(part)
        return (0..<hd).map { i in
          let pair = i % (hd / 2)
          let (c, s) = (rotation.cosine[position][pair], rotation.sine[position][pair])
          let other = i < hd / 2 ? -x[i + hd / 2] : x[i - hd / 2]
          return x[i] * Double(c) + other * Double(s)
        }
      }
    }
  }

  /// δ of a key, by mask rows.
  private func dynamicMask(_ v: [Double]) -> [Double] {
    (0..<weights.dt.rows).map { row in
      var z = v.indices.reduce(0.0) { $0 + Double(weights.dt[row][$1]) * v[$1] }
      if let bias = weights.dtBias { z += Double(bias[0][row]) }
      // ln(1 + e^z), without overflow.
      let softplus = max(z, 0) + deterministicLog(1 + deterministicExp(-abs(z)))
      return deterministicExp(Double(weights.maskScale[0][row]) * softplus)
    }
  }

  private func attend(
    _ q: [Double], _ k: [[[Double]]], _ v: Binary64Model.States, _ mask: Binary64Model.States,
    head: Int, at position: Int
  ) -> [Double] {
    let group = config.headCount / config.keyValueHeadCount
    let kvHead = head / group
    let maskRow = weights.dt.rows == config.headCount ? head : kvHead
    let keys = keptKeys(at: position) { Float(mask[$0][maskRow]) }
    let weights = model.softmax(
      keys.map { model.dot(q, k[$0][kvHead]) / Double(hd).squareRoot() + mask[$0][maskRow] })
    return (0..<hd).map { i in
      zip(keys, weights).reduce(0) { $0 + $1.1 * v[$1.0][kvHead * hd + i] }
    }
  }

  /// The keys that a query sees and keeps: of those in the window the ones with the largest masks,
  /// of equals the later.
  private func keptKeys(at position: Int, _ mask: (Int) -> Float) -> [Int] {
    let first = config.slidingWindow.map { max(0, position - $0 + 1) } ?? 0
    let seen = Array(first...position)
    guard model.layout.prunes, seen.count > config.keepWindowSize else { return seen }
    let ranked = seen.sorted { (mask($0), $0) > (mask($1), $1) }
    return ranked.prefix(config.keepWindowSize).sorted()
  }
}
