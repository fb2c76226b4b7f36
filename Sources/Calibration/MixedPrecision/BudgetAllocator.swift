import TensorCore

/// Chooses a candidate for each tensor, so that all of them fit a budget of bytes and cost least.
///
/// This is the multiple-choice knapsack problem. It is solved by dynamic programming over the bytes
/// beyond the smallest choice, counted in their greatest common divisor: for the shapes of real
/// models these are few enough, and the result is the optimum. Where they are more than
/// `resolution`, increments are rounded up to a larger unit. The result then still fits, and costs
/// no more than the optimum for a budget that is one unit per tensor smaller.
package struct BudgetAllocator: Sendable {
  /// The largest number of units between the smallest choice and the best.
  package static let resolution = 1 << 17

  /// The walk along the tensors' convex hulls, from the smallest choice to the best.
  ///
  /// The next bytes always go to the tensor that gains most for each of them.
  package let front: [FrontPoint]
  /// Whether results are optimal.
  package let isExact: Bool
  /// Bytes of the unit that increments are counted in.
  package let unit: Int
  /// The bytes of the smallest choice.
  package let smallestBytes: Int

  private let tensors: [CandidateFront]
  private let steps: [Step]

  /// A move of one tensor to the next corner of its hull.
  private struct Step {
    let tensor: Int
    /// The position in the tensor's entries that is moved to.
    let entry: Int
    let gain: Double
  }

  /// An allocator for tensors with these candidates.
  ///
  /// - Parameters:
  ///   - candidates: at least one and at most 256 for each tensor, in any order.
  ///   - resolution: the largest number of units.
  package init(_ candidates: [[StorageCandidate]], resolution: Int = Self.resolution) {
    precondition(candidates.allSatisfy { (1...256).contains($0.count) })
    precondition(candidates.joined().allSatisfy { $0.cost.isFinite && $0.bytes >= 0 })
    let tensors = candidates.map { CandidateFront($0) }
    let increments = tensors.flatMap { front in
      front.entries.map { $0.bytes - front.entries[0].bytes }
    }
    let range = tensors.reduce(0) { $0 + $1.entries[$1.entries.count - 1].bytes }
    let divisor = max(1, increments.reduce(0, greatestCommonDivisor))
    smallestBytes = tensors.reduce(0) { $0 + $1.entries[0].bytes }
    let units = (range - smallestBytes) / divisor
    isExact = units <= resolution
    unit = isExact ? divisor : divisor * ((units + resolution - 1) / resolution)
    steps = Self.steps(tensors)
    front = Self.front(tensors, steps)
    self.tensors = tensors
  }

  /// The cheapest choice within a budget.
  ///
  /// A larger budget never costs more, and the same one always gives the same choice.
  ///
  /// - Parameter budget: bytes of all tensors.
  /// - Returns: the choice, or nil where the budget is below `smallestBytes`.
  package func allocation(within budget: Int) -> Allocation? {
    guard budget >= smallestBytes else { return nil }
    let best = allocation(optimal(within: budget))
    guard !isExact else { return best }
    let walked = allocation(walk(within: budget))
    return walked.total.cost < best.total.cost ? walked : best
  }

  /// The allocation of entries of the tensors' fronts.
  private func allocation(_ entries: [Int]) -> Allocation {
    let chosen = zip(tensors, entries).map { $0.entries[$1] }
    return Allocation(
      choices: chosen.map(\.index),
      total: FrontPoint(
        bytes: chosen.reduce(0) { $0 + $1.bytes }, cost: chosen.reduce(0) { $0 + $1.cost }))
  }
}

// MARK: The walk along the hulls

extension BudgetAllocator {
  /// All moves, the most gainful first; of equal ones that of the first tensor.
  private static func steps(_ tensors: [CandidateFront]) -> [Step] {
    var steps: [Step] = []
    for (tensor, front) in tensors.enumerated() {
      for (from, to) in zip(front.corners, front.corners.dropFirst()) {
        let gain = CandidateFront.gain(from: front.entries[from], to: front.entries[to])
        steps.append(Step(tensor: tensor, entry: to, gain: gain))
      }
    }
    return steps.sorted { ($1.gain, $0.tensor, $0.entry) < ($0.gain, $1.tensor, $1.entry) }
  }

  private static func front(_ tensors: [CandidateFront], _ steps: [Step]) -> [FrontPoint] {
    var current = tensors.map { $0.entries[0] }
    var bytes = current.reduce(0) { $0 + $1.bytes }
    var points = [FrontPoint(bytes: bytes, cost: current.reduce(0) { $0 + $1.cost })]
    var cost = points[0].cost
    for step in steps {
      let next = tensors[step.tensor].entries[step.entry]
      bytes += next.bytes - current[step.tensor].bytes
      cost += next.cost - current[step.tensor].cost
      current[step.tensor] = next
      points.append(FrontPoint(bytes: bytes, cost: cost))
    }
    return points
  }

  /// The entries that the walk has reached when its next step no longer fits.
  private func walk(within budget: Int) -> [Int] {
    var entries = [Int](repeating: 0, count: tensors.count)
    var bytes = smallestBytes
    for step in steps {
      let front = tensors[step.tensor].entries
      bytes += front[step.entry].bytes - front[entries[step.tensor]].bytes
      guard bytes <= budget else { break }
      entries[step.tensor] = step.entry
    }
    return entries
  }
}

// MARK: Dynamic programming

extension BudgetAllocator {
  /// The entries with the least cost whose increments, in units, fit the budget.
  private func optimal(within budget: Int) -> [Int] {
    let weights = tensors.map { front in
      front.entries.map { ($0.bytes - front.entries[0].bytes + unit - 1) / unit }
    }
    let largest = weights.reduce(0) { $0 + $1[$1.count - 1] }
    let capacity = min((budget - smallestBytes) / unit, largest)
    // The least cost of the tensors so far, for each number of units that they may take.
    var costs = [Double](repeating: 0, count: capacity + 1)
    // The entry of each tensor that leads there, tensor after tensor.
    var choices = [UInt8](repeating: 0, count: tensors.count * (capacity + 1))
    for (tensor, front) in tensors.enumerated() {
      let before = costs
      let start = tensor * (capacity + 1)
      for units in costs.indices { costs[units] = before[units] + front.entries[0].cost }
      for (entry, weight) in weights[tensor].enumerated().dropFirst() where weight <= capacity {
        let own = front.entries[entry].cost
        for units in weight...capacity {
          let cost = before[units - weight] + own
          if cost < costs[units] {
            costs[units] = cost
            choices[start + units] = UInt8(entry)
          }
        }
      }
    }
    // Of equal costs that of the fewest units.
    var units = costs.firstIndex(of: costs[capacity]) ?? capacity
    var entries = [Int](repeating: 0, count: tensors.count)
    for tensor in tensors.indices.reversed() {
      entries[tensor] = Int(choices[tensor * (capacity + 1) + units])
      units -= weights[tensor][entries[tensor]]
    }
    return entries
  }
}
