import CKernels
import DogeModel
import Kernels

/// The mask of keys and its gradient: z = W_dt v + b, δ = exp(A softplus(z)), one value for each
/// mask row and key.
struct DynamicMask {
  let engine: Engine
  let weights: DenseAttention

  private var rows: Int { weights.dt.values.rows }

  func forward(_ tape: BlockTape, tokens: Int) {
    let dt = weights.dt
    engine.forRows(tokens) { token in
      for row in 0..<rows {
        var z = unsafe engine.kernels.table.pointee.dot(
          dt.values[row], tape.v[token], UInt32(dt.values.columns))
        if let bias = dt.bias { unsafe z += bias[0][row] }
        unsafe tape.maskInput[row][token] = z
        unsafe tape.mask[row][token] = kb_dynamic_mask(weights.maskScale[0][row], z)
      }
    }
  }

  /// dv += W_dtᵀ dz, with dz = dδ · δ · A · sigmoid(z).
  func backward(_ tape: BlockTape, dMask: FloatMatrix, dV: FloatMatrix, tokens: Int) {
    let dt = weights.dt.values
    engine.forRows(tokens) { token in
      for row in 0..<rows {
        let slope = unsafe 1 / (1 + kb_exp64(-Double(tape.maskInput[row][token])))
        let scale = unsafe Double(weights.maskScale[0][row]) * Double(tape.mask[row][token])
        let dz = unsafe Float(Double(dMask[row][token]) * scale * slope)
        unsafe engine.kernels.table.pointee.axpy(dz, dt[row], UInt32(dt.columns), dV[token])
      }
    }
  }
}
