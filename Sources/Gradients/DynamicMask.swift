import DogeModel
import Kernels

/// The mask of keys and its gradient: z = W_dt v + b, δ = exp(A softplus(z)), one value for each
/// mask row and key.
struct DynamicMask {
  let compute: GradientCompute
  let weights: DenseAttention

  private var rows: Int { weights.dt.rows }

  func forward(_ tape: BlockTape, tokens: Int) {
    let dt = weights.dt
    compute.forRows(tokens) { token in
      for row in 0..<rows {
        var z = compute.kernels.dot(dt[row], tape.v[token])
        if let bias = weights.dtBias { z += bias[0][row] }
        tape.maskInput[row][token] = z
        tape.mask[row][token] = dynamicMask(scale: weights.maskScale[0][row], z)
      }
    }
  }

  /// dv += W_dtᵀ dz, with dz = dδ · δ · A · sigmoid(z).
  func backward(_ tape: BlockTape, dMask: FloatMatrix, dV: FloatMatrix, tokens: Int) {
    let dt = weights.dt
    compute.forRows(tokens) { token in
      for row in 0..<rows {
        let slope = 1 / (1 + deterministicExp(-Double(tape.maskInput[row][token])))
        let scale = Double(weights.maskScale[0][row]) * Double(tape.mask[row][token])
        let dz = Float(Double(dMask[row][token]) * scale * slope)
        compute.kernels.axpy(dz, dt[row], into: dV[token])
      }
    }
  }
}
