import Calibration
import Quantization
import TensorCore
import TestSupport
import Testing

@Suite struct BudgetAllocatorTests {
  /// Random tensors whose sizes are multiples of `unit`; more bytes mostly cost less.
  private func tensors(
    _ count: Int, candidates: Int, unit: Int, seed: UInt64
  ) -> [[StorageCandidate]] {
    var generator = SplitMix(seed)
    return (0..<count).map { _ in
      (0..<Int.random(in: 1...candidates, using: &generator)).map { _ in
        let size = Int.random(in: 1...30, using: &generator)
        let cost = Double.random(in: 0...2, using: &generator) / Double(size)
        return StorageCandidate(bands: [], bytes: size * unit, cost: cost)
      }
    }
  }

  /// The least cost within a budget, by trying everything.
  private func leastCost(_ tensors: [[StorageCandidate]], within budget: Int) -> Double? {
    guard let first = tensors.first else { return 0 }
    let rest = Array(tensors.dropFirst())
    return first.compactMap { candidate -> Double? in
      guard candidate.bytes <= budget else { return nil }
      return leastCost(rest, within: budget - candidate.bytes).map { candidate.cost + $0 }
    }.min()
  }

  private func check(
    _ allocation: Allocation, _ tensors: [[StorageCandidate]], _ budget: Int
  ) {
    let chosen = zip(tensors, allocation.choices).map { $0[$1] }
    #expect(allocation.choices.count == tensors.count)
    #expect(allocation.total.bytes == chosen.reduce(0) { $0 + $1.bytes })
    #expect(allocation.total.cost == chosen.reduce(0) { $0 + $1.cost })
    #expect(allocation.total.bytes <= budget)
  }

  @Test(arguments: 0..<40) func optimal(seed: Int) throws {
    let unit = [1, 12, 4096][seed % 3]
    let tensors = tensors(6, candidates: 5, unit: unit, seed: UInt64(seed))
    let allocator = BudgetAllocator(tensors)
    #expect(allocator.isExact && allocator.unit % unit == 0)
    for budget in stride(from: 0, through: 190 * unit, by: max(1, 7 * unit / 2)) {
      let expected = leastCost(tensors, within: budget)
      let found = allocator.allocation(within: budget)
      #expect((expected == nil) == (found == nil))
      #expect((found == nil) == (budget < allocator.smallestBytes))
      guard let expected, let found else { continue }
      check(found, tensors, budget)
      #expect(abs(found.total.cost - expected) <= 1e-12)
    }
  }

  /// With coarse units it fits, and costs no more than the optimum of a unit per tensor less.
  @Test(arguments: 0..<40) func coarse(seed: Int) throws {
    let tensors = tensors(6, candidates: 5, unit: 7, seed: UInt64(seed))
    let allocator = BudgetAllocator(tensors, resolution: 40)
    var last = Double.infinity
    for budget in allocator.smallestBytes...allocator.smallestBytes + 900 {
      let found = try #require(allocator.allocation(within: budget))
      check(found, tensors, budget)
      #expect(found.total.cost <= last)
      last = found.total.cost
      guard budget % 50 == 0 else { continue }
      if let bound = leastCost(tensors, within: budget - tensors.count * allocator.unit) {
        #expect(found.total.cost <= bound + 1e-12)
      }
    }
  }

  @Test(arguments: 0..<3) func monotoneAndRepeatable(seed: Int) throws {
    let tensors = tensors(40, candidates: 16, unit: 3, seed: UInt64(seed))
    let allocator = BudgetAllocator(tensors)
    var last = Double.infinity
    for budget in stride(from: allocator.smallestBytes, through: 40 * 30 * 3, by: 61) {
      let found = try #require(allocator.allocation(within: budget))
      check(found, tensors, budget)
      #expect(found.total.cost <= last)
      last = found.total.cost
      #expect(BudgetAllocator(tensors).allocation(within: budget) == found)
    }
    #expect(last == tensors.reduce(0) { $0 + ($1.map(\.cost).min() ?? 0) })
  }

  /// The walk begins with the smallest choice, ends with the best, and is convex; at its points
  /// nothing is better.
  @Test(arguments: 0..<20) func front(seed: Int) throws {
    let tensors = tensors(12, candidates: 8, unit: 5, seed: UInt64(seed))
    let allocator = BudgetAllocator(tensors)
    let front = allocator.front
    #expect(front.first?.bytes == allocator.smallestBytes)
    let best = tensors.reduce(0) { $0 + ($1.map(\.cost).min() ?? 0) }
    #expect(abs((front.last?.cost ?? .infinity) - best) < 1e-12)
    let slopes = zip(front, front.dropFirst()).map {
      ($0.cost - $1.cost) / Double($1.bytes - $0.bytes)
    }
    #expect(slopes.allSatisfy { $0 > 0 })
    #expect(zip(slopes, slopes.dropFirst()).allSatisfy { $0 >= $1 - 1e-12 })
    for point in front {
      let found = try #require(allocator.allocation(within: point.bytes))
      #expect(abs(found.total.cost - point.cost) < 1e-12)
    }
  }

  @Test func tiesGoToFewerBytesAndTheFirst() throws {
    func candidate(_ bytes: Int, _ cost: Double) -> StorageCandidate {
      StorageCandidate(bands: [], bytes: bytes, cost: cost)
    }
    let same = [candidate(20, 1), candidate(10, 1), candidate(10, 1), candidate(30, 1)]
    let allocator = BudgetAllocator([same, same])
    #expect(allocator.allocation(within: 1_000)?.choices == [1, 1])
    #expect(allocator.front == [FrontPoint(bytes: 20, cost: 2)])
    let step = [candidate(10, 1), candidate(20, 0)]
    let equal = BudgetAllocator([step, step, step])
    let one = try #require(equal.allocation(within: 45))
    #expect(one.total == FrontPoint(bytes: 40, cost: 2))
    #expect(equal.allocation(within: 45) == one)
  }

  @Test func nothingToChoose() {
    let allocator = BudgetAllocator([])
    #expect(allocator.allocation(within: 0)?.choices == [])
    #expect(allocator.allocation(within: -1) == nil)
    #expect(allocator.front == [FrontPoint(bytes: 0, cost: 0)])
  }

  /// The shapes of a model of 320M parameters need no rounding.
  @Test func realShapesAreExact() throws {
    let shapes = [(1024, 1024), (512, 1024), (512, 1024), (1024, 1024), (2048, 1024), (1024, 2048)]
    let types: [WeightType] = WeightType.allCases.filter(\.isQuantized)
    let tensors = try ([(32768, 1024)] + Array(repeating: shapes, count: 32).joined()).map {
      shape in
      try types.flatMap { type in
        try EncodingRecipe.groupSizes.map { size in
          let geometry = try #require(
            TensorGeometry(
              type: type, arrangement: .tiles, shape: [shape.0, shape.1], groupSize: size))
          return StorageCandidate(
            bands: [], bytes: geometry.totalBytes, cost: 1 / Double(geometry.totalBytes))
        }
      }
    }
    let allocator = BudgetAllocator(tensors)
    #expect(allocator.isExact)
    let budget = allocator.smallestBytes * 5 / 4
    #expect(allocator.allocation(within: budget) != nil)
  }
}
