import Kernels
import TensorCore

/// A matrix whose codes and scales were chosen elsewhere, with a view to more than its own values.
package struct RoundedTensor: Sendable {
  /// The power of two that its scales share.
  package let exponent: Int
  /// The scales in binary16, which has short ones, too: `[tile][group][16]`.
  package let scales: [UInt16]
  /// How far it is from the source.
  package private(set) var statistics: ErrorStatistics

  package init(exponent: Int, scales: [UInt16], statistics: ErrorStatistics) {
    self.exponent = exponent
    self.scales = scales
    self.statistics = statistics
  }

  /// Notes the groups that became zeros.
  ///
  /// - Parameters:
  ///   - nonZeroGroups: which groups held more than zeros, `[rows][groups]`.
  ///   - geometry: the tensor's.
  package mutating func noteFlushedGroups(_ nonZeroGroups: [Bool], _ geometry: TensorGeometry) {
    statistics.flushedGroups =
      nonZeroGroups.indices.filter { place in
        let (row, group) = place.quotientAndRemainder(dividingBy: geometry.groupsPerRow)
        return nonZeroGroups[place] && scales[geometry.tiledScalePlace(row: row, group: group)] == 0
      }.count
  }
}
