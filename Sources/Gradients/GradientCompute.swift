import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// What all parts of both passes compute with, and the layers that several of them have.
final class GradientCompute {
  let config: DogeConfig
  let layout: CheckpointLayout
  let gemm: Gemm
  private let compute: Compute

  var kernels: KernelSet { compute.kernels }
  var pool: ThreadPool { compute.pool }

  init(config: DogeConfig, layout: CheckpointLayout, compute: Compute) {
    self.config = config
    self.layout = layout
    self.compute = compute
    gemm = Gemm(compute)
  }

  /// Calls `body` for each of some rows, on all threads.
  func forRows(_ count: Int, _ body: (_ row: Int) -> Void) { compute.forRows(count, body) }
}

// MARK: y = W x + b

extension GradientCompute {
  /// y = x Wᵀ + b.
  ///
  /// - Parameters:
  ///   - linear: W `[outputs, inputs]`.
  ///   - x: `[tokens, inputs]`.
  ///   - y: `[tokens, outputs]`.
  func forward(_ linear: DenseMatrix, _ x: MatrixView, into y: MatrixView) {
    gemm.multiply(x, linear.values.view().transposed, into: y)
    guard let bias = linear.bias else { return }
    forRows(y.rows) { row in kernels.add(bias[0], to: y[row]) }
  }

  /// dW += dyᵀ x, if somebody wants it; dx = dy W, or dx += dy W.
  func backward(
    _ linear: DenseMatrix, dy: MatrixView, x: MatrixView, dx: MatrixView, adding: Bool = false,
    _ gradients: WeightGradients
  ) {
    gradients.outputs?.add(dy, to: linear.tensor)
    if let dw = gradients[linear.tensor] {
      gemm.multiply(dy.transposed, x, into: dw.view(), adding: true)
    }
    gemm.multiply(dy, linear.values.view(), into: dx, adding: adding)
  }
}

// MARK: y = w ⊙ x / rms(x)

extension GradientCompute {
  /// RMSNorm of rows: y = w ⊙ (x r), r = (mean x² + ε)^-½.
  func norm(_ x: MatrixView, _ weight: FloatMatrix, into y: MatrixView) {
    forRows(x.rows) { row in
      kernels.rmsNorm(x[row], weight: weight[0], epsilon: config.rmsNormEpsilon, into: y[row])
    }
  }

  /// dx += the gradient behind RMSNorm of rows; dy becomes dy ⊙ w.
  func normBackward(dy: MatrixView, x: MatrixView, _ weight: FloatMatrix, dx: MatrixView) {
    forRows(x.rows) { row in
      normBackward(dy: dy[row], x: x[row], weight[0], dx: dx[row])
    }
  }

  /// The same for one row: with u = dy ⊙ w, dx += r u − x r³ (u · x) / n.
  func normBackward(dy: FloatRow, x: FloatRow, _ weight: FloatRow, dx: FloatRow) {
    let n = Float(weight.count)
    dy.multiply(by: weight)
    let meanSquare = kernels.dot(x, x) / n
    let r = 1 / (meanSquare + config.rmsNormEpsilon).squareRoot()
    let along = kernels.dot(dy, x) / n
    kernels.axpy(r, dy, into: dx)
    kernels.axpy(-(r * r * r) * along, x, into: dx)
  }
}

// MARK: y = gate ⊙ x + a

extension GradientCompute {
  /// y = gate ⊙ x + a.
  func gatedAdd(_ x: MatrixView, gate: FloatMatrix, _ a: MatrixView, into y: MatrixView) {
    forRows(x.rows) { row in
      y[row].copy(x[row])
      kernels.gatedAdd(y[row], gate: gate[0], a[row])
    }
  }

  /// dx = gate ⊙ dy, in place.
  func gateBackward(_ dy: MatrixView, gate: FloatMatrix) {
    forRows(dy.rows) { row in dy[row].multiply(by: gate[0]) }
  }
}

// MARK: y = act(x)

extension GradientCompute {
  /// y = act(x) of a row, where `ones` holds as many ones.
  func activate(_ x: FloatRow, ones: FloatRow, into y: FloatRow) {
    y.copy(x)
    kernels.activate(y, config.activation.function, times: ones)
  }
}
