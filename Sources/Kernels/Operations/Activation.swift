import CKernels

/// An activation function of the kernels.
package enum ActivationFunction: Sendable {
  case silu
  case gelu
  case geluTanh
  case relu

  var kernelCode: Int32 {
    switch self {
    case .silu: Int32(KB_SILU)
    case .gelu: Int32(KB_GELU)
    case .geluTanh: Int32(KB_GELU_TANH)
    case .relu: Int32(KB_RELU)
    }
  }
}
