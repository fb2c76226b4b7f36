import Conversion
import DogeArchitecture
import ModelFile
import Quantization
import TensorCore

/// What each row of a matrix adds to the mean KLD, `[geometries][rows]`, in nats.
package typealias RowCosts = [[Double]]

/// The search for the types and group sizes that cost least under a budget.
///
/// What a choice costs is measured elsewhere (`SensitivityRun`); this knows which choices there
/// are, what they take, and what recipe comes of them.
package struct MixedSearch: Sendable {
  /// A large matrix that no rule fixes.
  package struct Tensor: Sendable {
    /// What it is for.
    package let spec: TensorSpec
    /// The ways to store it as a whole, or a band of it: every quantized type with every group size
    /// that differs; and, only as a whole, bf16.
    package let geometries: [TensorGeometry]
    /// Its index in every plan for the model.
    let index: Int
  }

  /// The tensors whose types are searched, in file order.
  package let tensors: [Tensor]
  /// The model.
  package let source: ModelSource

  private let base: EncodingRecipe
  private let floats: ConversionPlan
  /// Bytes of the tensors that are not searched.
  private let fixedBytes: Int

  /// Finds the tensors to search.
  ///
  /// - Parameters:
  ///   - source: the model; it must not be quantized.
  ///   - base: method, calibration and the rules that fix some tensors.
  ///   - groupSizes: the group sizes to choose from.
  ///   - toolVersion: the version of the program, for the metadata.
  ///   - compressesBlobs: whether tokenizer, card and templates are compressed.
  /// - Throws: `ConversionError` where the rules do not fit the model.
  package init(
    source: ModelSource, base: EncodingRecipe, groupSizes: [Int] = EncodingRecipe.groupSizes,
    toolVersion: String, compressesBlobs: Bool = true
  ) throws {
    var base = base
    base.target = .weights(.f32)
    floats = try ConversionPlan(
      source: source, recipe: base, toolVersion: toolVersion, compressesBlobs: compressesBlobs)
    base.target = .mixed
    self.source = source
    self.base = base
    var tensors: [Tensor] = []
    var fixedBytes = 0
    for record in floats.records {
      let spec = floats.tensors[record.tensor].spec
      if spec.role.isQuantizable && base.rule(for: spec) == nil {
        let geometries = record.geometry.alternatives(groupSizes: groupSizes)
        tensors.append(Tensor(spec: spec, geometries: geometries, index: record.tensor))
      } else {
        fixedBytes += record.geometry.totalBytes
      }
    }
    self.tensors = tensors
    self.fixedBytes = fixedBytes
  }

  /// The recipe that costs least under a budget.
  ///
  /// - Parameters:
  ///   - budget: what the file may take.
  ///   - costs: for each of `tensors` what each of its rows adds to the mean KLD in each of its
  ///     geometries, in nats.
  /// - Returns: the recipe, as a plan with a rule for each tensor.
  /// - Throws: `ConversionError` where nothing fits the budget.
  package func recipe(under budget: SizeBudget, costs: [RowCosts]) throws -> MixedRecipe {
    let candidates =
      zip(tensors, costs).map { tensor, costs in
        precondition(costs.count == tensor.geometries.count, "costs for each geometry")
        let whole = zip(tensor.geometries, costs).map {
          StorageCandidate(
            bands: [RowBand(firstRow: 0, type: $0.type, groupSize: $0.groupSize)],
            bytes: $0.totalBytes, cost: $1.reduce(0, +))
        }
        return whole + BandSearch(tensor.geometries, rowCosts: costs).candidates()
      }
    let allocator = BudgetAllocator(candidates)
    guard let smallest = allocator.allocation(within: allocator.smallestBytes) else {
      preconditionFailure("the smallest choice fits its own size")
    }
    var found = try result(smallest, candidates, allocator)
    guard budget.allows(found.plan) else {
      throw ConversionError.budgetTooSmall(budget, smallest: budget.measure(found.plan))
    }
    // The metadata, which name every choice, differ by some bytes from one choice to another.
    var limit = allocator.smallestBytes + budget.room(beside: found.plan)
    while limit > allocator.smallestBytes, let next = allocator.allocation(within: limit) {
      let candidate = try result(next, candidates, allocator)
      if budget.allows(candidate.plan) {
        found = candidate
        break
      }
      limit -= max(1, -budget.room(beside: candidate.plan))
    }
    return found
  }

  /// Checks that a budget is not below the smallest file, whatever the costs.
  ///
  /// - Parameter budget: what the file may take.
  /// - Throws: `ConversionError` with what the smallest file takes.
  package func check(_ budget: SizeBudget) throws {
    _ = try recipe(
      under: budget,
      costs: tensors.map { tensor in
        tensor.geometries.map { Array(repeating: 0, count: $0.rows) }
      })
  }

  private func result(
    _ allocation: Allocation, _ candidates: [[StorageCandidate]], _ allocator: BudgetAllocator
  ) throws -> MixedRecipe {
    var recipe = base
    for (tensor, (candidates, choice)) in zip(tensors, zip(candidates, allocation.choices)) {
      let candidate = candidates[choice]
      let bands = candidate.bands
      let hasOwnSize =
        bands.count == 1 && bands[0].type.isQuantized && bands[0].groupSize != recipe.groupSize
      recipe.rules.append(
        TensorRule(
          glob: Glob(tensor.spec.canonicalName),
          type: bands.count == 1 ? .weights(bands[0].type) : .bands(bands, candidate.order),
          groupSize: hasOwnSize ? bands[0].groupSize : nil))
    }
    let plan = try floats.with(recipe)
    return MixedRecipe(
      plan: plan, choices: tensors.flatMap { plan.records[plan.tensors[$0.index].records] },
      total: allocation.total.adding(bytes: fixedBytes),
      front: allocator.front.map { $0.adding(bytes: fixedBytes) })
  }
}

extension FrontPoint {
  fileprivate func adding(bytes other: Int) -> FrontPoint {
    FrontPoint(bytes: bytes + other, cost: cost)
  }
}
