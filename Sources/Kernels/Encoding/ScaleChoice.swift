import CKernels
import TensorCore

/// How the scales of a quantized tensor are chosen (formats/numerics.md, section 5).
package enum ScaleChoice: Sendable {
  /// The largest magnitude of a group gets the largest code.
  case rtn
  /// The scale with the least squared error among a table's candidates, refined by least squares.
  case search
  /// Scales that were chosen before, and rounded as they are stored: binary16, `[tile][group][16]`.
  case given([UInt16])

  func kernelCode(_ type: WeightType) -> Int32 {
    switch self {
    case .rtn: Int32(type.hasShortScales ? KB_SHORT_RTN : KB_RTN)
    case .search: Int32(type.hasShortScales ? KB_SHORT_SEARCH : KB_SEARCH)
    case .given: Int32(KB_GIVEN)
    }
  }
}
