import Kernels

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
