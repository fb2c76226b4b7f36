import Conversion

/// What a search found.
public struct MixedRecipe: Sendable {
  /// What will be written, with a recipe that has a rule for each large matrix.
  public let plan: ConversionPlan
  /// How the searched tensors are stored: their records in the plan.
  public let choices: [PlannedRecord]
  /// Bytes of all tensors, and the mean KLD that is expected of them.
  public let total: FrontPoint
  /// What other budgets would give, from the smallest to the best.
  public let front: [FrontPoint]
}

/// What all tensors together take, and cost.
public struct FrontPoint: Equatable, Sendable {
  /// Bytes of all tensors.
  public let bytes: Int
  /// The sum of their costs: the mean KLD that is expected of them, in nats.
  public let cost: Double

  /// A point.
  public init(bytes: Int, cost: Double) {
    self.bytes = bytes
    self.cost = cost
  }
}
