import DogeArchitecture
import DogeModel
import Kernels

/// Cosines and sines of a sequence's positions, and the sines of turning back, `[T, hd/2]` each.
struct Rotation {
  let cosine: FloatMatrix
  let sine: FloatMatrix
  let minusSine: FloatMatrix

  init(_ embedding: RotaryEmbedding, tokens: Int) {
    (cosine, sine) = embedding.table(for: 0..<tokens)
    minusSine = FloatMatrix(rows: tokens, columns: sine.columns)
    for row in 0..<tokens { minusSine.set(row, sine.row(row).map { -$0 }) }
  }
}

/// Queries or keys: RoPE(norm(x)) of every head of a row, or RoPE(x) in layouts without the norm.
struct RotatedHeads {
  let compute: GradientCompute
  let raw: FloatMatrix  // x, [T, heads hd]
  let norm: FloatMatrix?  // [hd]
  let rotation: Rotation

  private var hd: Int { compute.config.headDimension }

  func forward(into out: FloatMatrix, tokens: Int) {
    let kernels = compute.kernels
    compute.forRows(tokens) { token in
      out[token].copy(raw[token])
      for head in heads {
        let x = out[token].part(head)
        if let norm {
          kernels.rmsNorm(x, weight: norm[0], epsilon: compute.config.rmsNormEpsilon, into: x)
        }
        kernels.rotate(x, cosine: rotation.cosine[token], sine: rotation.sine[token])
      }
    }
  }

  /// Turns the gradient of the result into that of x, in place; `copies` has room for a head of
  /// each token.
  func backward(_ d: FloatMatrix, _ copies: FloatMatrix, tokens: Int) {
    compute.forRows(tokens) { token in
      // A rotation's transpose turns the other way.
      for head in heads {
        compute.kernels.rotate(
          d[token].part(head), cosine: rotation.cosine[token], sine: rotation.minusSine[token])
      }
      guard let norm else { return }
      let dy = copies[token]
      for head in heads {
        let dx = d[token].part(head)
        dy.copy(dx)
        dx.fill(0)
        compute.normBackward(dy: dy, x: raw[token].part(head), norm[0], dx: dx)
      }
    }
  }

  /// The columns of each head.
  private var heads: some Sequence<Range<Int>> {
    stride(from: 0, to: raw.columns, by: hd).lazy.map { $0..<$0 + hd }
  }
}
