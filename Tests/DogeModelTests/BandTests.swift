import Conversion
import DogeModel
import Kernels
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing

/// Matrices in bands are multiplied band by band.
@Suite struct BandTests {
  private static let fixtures = [
    "cases/odd-shapes", "cases/doge2-moe-untied", "reference/e6-moe", "doge-nano",
  ]

  private func model(
    _ fixture: String, _ types: [WeightType], isOrdered: Bool = false, mode: ComputeMode,
    on machine: Machine
  ) throws -> DogeModel {
    let compute = try Compute(isa: machine.isa, threads: machine.threads)
    let plan = try ConversionPlan(
      source: .open(path: Fixtures.folder(fixture)),
      recipe: EncodingRecipe(target: .weights(types[0]), method: .rtn), toolVersion: "1.2.3")
    // As many bands as there are types in every matrix that has the rows.
    let large = plan.tensors.filter { $0.spec.isLarge && $0.spec.shape[0] > 16 * (types.count - 1) }
    let bands = types.enumerated().map {
      RowBand(firstRow: 16 * $0.offset, type: $0.element, groupSize: 32)
    }
    let rules = large.map { tensor in
      TensorRule(
        glob: Glob(tensor.name),
        type: .bands(
          bands,
          isOrdered ? .shuffled(bands.map(\.firstRow), rows: tensor.spec.shape[0]) : nil))
    }
    try #require(!rules.isEmpty)
    let recipe = EncodingRecipe(
      target: .weights(types[0]), method: .rtn, rules: types.count > 1 ? rules : [])
    let banded = try plan.with(recipe)
    return DogeModel(
      try Converter(compute: compute).load(banded).model, compute: compute, mode: mode)
  }

  /// Bands of one type are that type.
  @Test(arguments: fixtures, [(ComputeMode.exact, false), (.fast, false), (.fast, true)])
  func likeOne(_ fixture: String, _ form: (mode: ComputeMode, isOrdered: Bool)) throws {
    let mode = form.mode
    let whole = try model(fixture, [.int4], mode: mode, on: .plain)
    let tokens = tokens(21, below: whole.config.vocabularySize)
    let expected = try run(whole, tokens, calls: [1, 7]).bits
    for machine in [Machine.plain] + Machine.others {
      let banded = try model(
        fixture, [.int4, .int4, .int4], isOrdered: form.isOrdered, mode: mode, on: machine)
      #expect(banded.stored.tensors.contains { $0.bands.count == 3 })
      #expect(try run(banded, tokens, calls: [1, 7]).bits == expected)
    }
  }

  /// Bands of several types run as the values that they stand for.
  @Test(arguments: fixtures, [false, true])
  func asTheirValues(_ fixture: String, _ isOrdered: Bool) throws {
    let types: [WeightType] = [.int8s, .int3, .int5s, .int2]
    let folder = try TemporaryFolder()
    let banded = try model(fixture, types, isOrdered: isOrdered, mode: .exact, on: .plain)
    _ = try Converter(compute: Compute(threads: 1)).export(
      banded.stored, to: folder.path("export"))
    let exported = try DogeModelTests.model(folder.path("export"))
    let tokens = tokens(21, below: banded.config.vocabularySize)
    #expect(try run(banded, tokens).bits == run(exported, tokens).bits)
    #expect(try runStepwise(banded, tokens).bits == runStepwise(exported, tokens).bits)
  }

  /// Nothing depends on threads and kernels.
  @Test(arguments: fixtures, [(ComputeMode.exact, true), (.fast, false), (.fast, true)])
  func machinesDoNotMatter(
    _ fixture: String, _ form: (mode: ComputeMode, isOrdered: Bool)
  ) throws {
    let (mode, isOrdered) = form
    let types: [WeightType] = [.int8s, .int3, .int5s, .int2]
    let plain = try model(fixture, types, isOrdered: isOrdered, mode: mode, on: .plain)
    let tokens = tokens(21, below: plain.config.vocabularySize)
    let expected = try run(plain, tokens, calls: [1, 7]).bits
    for machine in Machine.others {
      let other = try model(fixture, types, isOrdered: isOrdered, mode: mode, on: machine)
      #expect(try run(other, tokens, calls: [1, 7]).bits == expected)
    }
  }
}
