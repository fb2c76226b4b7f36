import DogeArchitecture
import Kernels

/// What a model's layers compute with.
struct LayerCompute: Sendable {
  let compute: Compute
  /// Is shown what is multiplied; nil but in calibration.
  let tap: InputTap?

  /// out = x Wᵀ + b for the first `rows` rows of x and each matrix of a group.
  func project(
    _ x: FloatMatrix, rows: Int, by group: LinearGroup, _ work: LayerBuffers,
    into outputs: ProductOutputs
  ) {
    tap?.show(x, rows: rows, group)
    compute.multiply(x, rows: rows, by: group, packed: work.packed, into: outputs)
  }
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
