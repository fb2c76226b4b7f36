import CKernels
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
  let engine: Engine
  let raw: FloatMatrix  // x, [T, heads hd]
  let norm: FloatMatrix?  // [hd]
  let rotation: Rotation

  private var hd: Int { engine.config.headDimension }

  func forward(into out: FloatMatrix, tokens: Int) {
    let table = unsafe engine.kernels.table
    engine.forRows(tokens) { token in
      unsafe out[token].update(from: raw[token], count: raw.columns)
      for first in stride(from: 0, to: raw.columns, by: hd) {
        let head = unsafe out[token] + first
        if let norm {
          unsafe table.pointee.rms_norm(
            head, norm[0], engine.config.rmsNormEpsilon, UInt32(hd), head)
        }
        unsafe table.pointee.rotate(
          head, rotation.cosine[token], rotation.sine[token], UInt32(hd / 2))
      }
    }
  }

  /// Turns the gradient of the result into that of x, in place.
  func backward(_ d: FloatMatrix, tokens: Int) {
    let table = unsafe engine.kernels.table
    engine.forRows(tokens) { token in
      // A rotation's transpose turns the other way.
      for first in stride(from: 0, to: raw.columns, by: hd) {
        unsafe table.pointee.rotate(
          d[token] + first, rotation.cosine[token], rotation.minusSine[token], UInt32(hd / 2))
      }
      guard let norm else { return }
      var dy = [Float](repeating: 0, count: hd)
      unsafe dy.withUnsafeMutableBufferPointer { dy in
        guard let dy = dy.baseAddress else { return }
        for first in stride(from: 0, to: raw.columns, by: hd) {
          let dx = unsafe d[token] + first
          unsafe dy.update(from: dx, count: hd)
          unsafe dx.update(repeating: 0, count: hd)
          unsafe engine.normBackward(dy: dy, x: raw[token] + first, norm[0], hd, dx: dx)
        }
      }
    }
  }
}
