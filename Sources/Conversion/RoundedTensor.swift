import ByteIO
import KibbleFormat
import Quantization

/// A matrix whose codes and scales were chosen elsewhere, with a view to more than its own values.
package struct RoundedTensor: Sendable {
  /// The power of two that its scales share.
  package let exponent: Int
  /// Binary16 scales, `[tile][group][16]`.
  package let scales: [UInt16]
  /// How far it is from the source.
  package let statistics: ErrorStatistics

  package init(exponent: Int, scales: [UInt16], statistics: ErrorStatistics) {
    self.exponent = exponent
    self.scales = scales
    self.statistics = statistics
  }
}

/// A model in memory some of whose matrices hold the values of their codes.
package struct RoundedModel: Sendable {
  /// The values as float32, tensor by tensor as in the plan.
  package let file: KibbleFile
  /// The matrices that were rounded, by their number in the plan.
  package let tensors: [Int: RoundedTensor]

  package init(file: KibbleFile, tensors: [Int: RoundedTensor]) {
    self.file = file
    self.tensors = tensors
  }
}
