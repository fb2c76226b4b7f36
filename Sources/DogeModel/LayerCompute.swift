import DogeArchitecture
import Kernels

/// What a model's layers compute with.
struct LayerCompute: Sendable {
  let compute: Compute
  /// Is shown what is multiplied; nil but in calibration.
  let tap: InputTap?
}

extension Activation {
  /// The kernels' function.
  package var function: ActivationFunction {
    switch self {
    case .silu: .silu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .relu: .relu
    }
  }
}
