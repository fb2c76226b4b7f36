import Quantization
import TensorCore

/// A way to store a tensor: what it takes, and what it costs.
package struct StorageCandidate: Equatable, Sendable {
  /// How its rows are stored.
  package let bands: [RowBand]
  /// In which order the rows are stored; nil where that is the matrix's.
  package let order: RowOrder?
  /// Bytes of all planes.
  package let bytes: Int
  /// What the choice is expected to add to the mean KLD, in nats; finite.
  package let cost: Double

  /// A candidate.
  package init(bands: [RowBand], order: RowOrder? = nil, bytes: Int, cost: Double) {
    self.bands = bands
    self.order = order
    self.bytes = bytes
    self.cost = cost
  }
}

/// A candidate for each tensor.
package struct Allocation: Equatable, Sendable {
  /// The index of each tensor's candidate.
  package let choices: [Int]
  /// What they take and cost.
  package let total: FrontPoint
}
