import DogeArchitecture
import DogeModel
import Kernels

extension Activation {
  /// The function's derivative at x, from its value there.
  ///
  /// All but ReLU are x · c(x) with a share c between 0 and 1, which the value gives: the slope is
  /// c + x c′, and c′ is written with c itself.
  func slope(at x: Float, value: Float) -> Float {
    // So near 0 the quotient may be no number, and c is its value at 0.
    let c = x.magnitude < 1e-20 ? 0.5 : value / x
    switch self {
    case .silu:
      return c + x * c * (1 - c)
    case .relu:
      return x > 0 ? 1 : 0
    case .gelu:
      let density = 0.3989422804014327 * deterministicExp(-0.5 * Double(x) * Double(x))
      return c + Float(Double(x) * density)
    case .geluTanh:
      // c = (1 + tanh u) / 2, so c′ = 2 c (1 − c) u′.
      let inner = 0.7978845608 * (1 + 0.134145 * x * x)
      return c + x * 2 * c * (1 - c) * inner
    }
  }
}
