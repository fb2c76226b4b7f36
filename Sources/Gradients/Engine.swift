import CKernels
import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// What all parts of both passes compute with.
final class Engine {
  let config: DogeConfig
  let layout: CheckpointLayout
  let kernels: KernelSet
  let pool: ThreadPool
  let gemm: Gemm

  init(config: DogeConfig, layout: CheckpointLayout, kernels: KernelSet, pool: ThreadPool) {
    self.config = config
    self.layout = layout
    self.kernels = kernels
    self.pool = pool
    gemm = Gemm(kernels: kernels, pool: pool)
  }

  /// Calls `body` for each of some rows, on all threads.
  func forRows(_ count: Int, _ body: (_ row: Int) -> Void) {
    pool.forRanges(of: count, pieces: 4) { part in
      for row in part { body(row) }
    }
  }
}

// MARK: y = W x + b

extension Engine {
  /// y = x Wᵀ + b.
  ///
  /// - Parameters:
  ///   - linear: W `[outputs, inputs]`.
  ///   - x: `[tokens, inputs]`.
  ///   - y: `[tokens, outputs]`.
  func forward(_ linear: DenseMatrix, _ x: MatrixView, into y: MatrixView) {
    gemm.multiply(x, linear.values.view().transposed, into: y)
    guard let bias = linear.bias else { return }
    forRows(y.rows) { row in
      unsafe kernels.table.pointee.add(y[row], bias[0], UInt32(y.columns))
    }
  }

  /// dW += dyᵀ x, if somebody wants it; dx = dy W, or dx += dy W.
  func backward(
    _ linear: DenseMatrix, dy: MatrixView, x: MatrixView, dx: MatrixView, adding: Bool = false,
    _ gradients: WeightGradients
  ) {
    if let dw = gradients[linear.number] {
      gemm.multiply(dy.transposed, x, into: dw.view(), adding: true)
    }
    gemm.multiply(dy, linear.values.view(), into: dx, adding: adding)
  }
}

// MARK: y = w ⊙ x / rms(x)

extension Engine {
  /// RMSNorm of rows: y = w ⊙ (x r), r = (mean x² + ε)^-½.
  func norm(_ x: MatrixView, _ weight: FloatMatrix, into y: MatrixView) {
    forRows(x.rows) { row in
      unsafe kernels.table.pointee.rms_norm(
        x[row], weight[0], config.rmsNormEpsilon, UInt32(x.columns), y[row])
    }
  }

  /// dx += the gradient behind RMSNorm of rows; dy becomes dy ⊙ w.
  func normBackward(dy: MatrixView, x: MatrixView, _ weight: FloatMatrix, dx: MatrixView) {
    forRows(x.rows) { row in
      unsafe normBackward(dy: dy[row], x: x[row], weight[0], x.columns, dx: dx[row])
    }
  }

  /// The same for one row: with u = dy ⊙ w, dx += r u − x r³ (u · x) / n.
  func normBackward(
    dy: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
    _ n: Int, dx: UnsafeMutablePointer<Float>
  ) {
    let table = unsafe kernels.table
    for i in 0..<n { unsafe dy[i] *= weight[i] }
    let meanSquare = unsafe table.pointee.dot(x, x, UInt32(n)) / Float(n)
    let r = 1 / (meanSquare + config.rmsNormEpsilon).squareRoot()
    let along = unsafe table.pointee.dot(dy, x, UInt32(n)) / Float(n)
    unsafe table.pointee.axpy(r, dy, UInt32(n), dx)
    unsafe table.pointee.axpy(-(r * r * r) * along, x, UInt32(n), dx)
  }
}

// MARK: y = gate ⊙ x + a

extension Engine {
  /// y = gate ⊙ x + a.
  func gatedAdd(_ x: MatrixView, gate: FloatMatrix, _ a: MatrixView, into y: MatrixView) {
    forRows(x.rows) { row in
      unsafe y[row].update(from: x[row], count: x.columns)
      unsafe kernels.table.pointee.gated_add(y[row], gate[0], a[row], UInt32(x.columns))
    }
  }

  /// dx = gate ⊙ dy, in place.
  func gateBackward(_ dy: MatrixView, gate: FloatMatrix) {
    forRows(dy.rows) { row in
      let (dy, gate, n) = unsafe (dy[row], gate[0], dy.columns)
      for i in 0..<n { unsafe dy[i] *= gate[i] }
    }
  }
}
