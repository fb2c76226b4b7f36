import TensorCore

/// A way to store a tensor: what it takes, and what it costs.
public struct StorageCandidate: Equatable, Sendable {
  /// The stored type.
  public let type: WeightType
  /// Columns that share a scale; nil for floats.
  public let groupSize: Int?
  /// Bytes of all planes.
  public let bytes: Int
  /// What the choice is expected to add to the mean KLD, in nats; finite.
  public let cost: Double

  /// A candidate.
  public init(type: WeightType, groupSize: Int?, bytes: Int, cost: Double) {
    self.type = type
    self.groupSize = groupSize
    self.bytes = bytes
    self.cost = cost
  }
}

/// What all tensors together take, and cost.
public struct FrontPoint: Equatable, Sendable {
  /// Bytes of all tensors.
  public let bytes: Int
  /// The sum of their costs.
  public let cost: Double

  /// A point.
  public init(bytes: Int, cost: Double) {
    self.bytes = bytes
    self.cost = cost
  }
}

/// A candidate for each tensor.
public struct Allocation: Equatable, Sendable {
  /// The index of each tensor's candidate.
  public let choices: [Int]
  /// What they take and cost.
  public let total: FrontPoint
}
