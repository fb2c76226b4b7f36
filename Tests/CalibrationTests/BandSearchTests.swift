import Calibration
import Conversion
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing
import Verification

@Suite struct BandSearchTests {
  private func geometries(rows: Int, _ types: [WeightType]) throws -> [TensorGeometry] {
    try types.map {
      try #require(
        TensorGeometry(type: $0, arrangement: .tiles, shape: [rows, 4096], groupSize: 32))
    }
  }

  /// All that is found costs less than the same bytes of one type, and the sums are right.
  @Test func sums() throws {
    let types: [WeightType] = [.int2s, .int4s, .int8s, .bf16]
    let geometries = try geometries(rows: 100, types)
    // Rows of all kinds side by side.
    let sensitivity = (0..<100).map { [9.0, 1, 0.01, 0.02, 5, 0.03][$0 % 6] }
    let costs = [4.0, 1, 0.01, 0].map { cost in sensitivity.map { $0 * cost } }
    let found = BandSearch(geometries, rowCosts: costs).candidates()
    #expect(!found.isEmpty)
    for candidate in found {
      let order = try #require(candidate.order)
      let ends = candidate.bands.dropFirst().map(\.firstRow) + [100]
      var (bytes, cost) = (0, 0.0)
      for (band, end) in zip(candidate.bands, ends) {
        let index = try #require(types.firstIndex(of: band.type))
        #expect(band.type != .bf16 && band.firstRow % 16 == 0)
        bytes += geometries[index].with(rows: end - band.firstRow).totalBytes
        cost += order.rows[band.firstRow..<end].reduce(0) { $0 + costs[index][Int($1)] }
      }
      #expect(candidate.bytes == bytes && abs(candidate.cost - cost) < 1e-12)
      #expect(candidate.bands.count > 1 && candidate.bands[0].firstRow == 0)
      // Each type once.
      #expect(Set(candidate.bands.map(\.type)).count == candidate.bands.count)
    }
    // The rows that matter have more bits.
    let first = try #require(found.first { $0.bands.count == 3 })
    func bits(_ value: Double) throws -> [Int] {
      let order = try #require(first.order)
      return sensitivity.indices.filter { sensitivity[$0] == value }
        .map { first.bands[Int(order.bands[$0])].type.bits }
    }
    let (most, middle, least) = (try bits(9), try bits(1), try bits(0.01))
    #expect(try #require(most.min()) >= #require(middle.max()))
    #expect(try #require(middle.min()) >= #require(least.max()))
    #expect(try #require(most.min()) > #require(least.min()))
  }

  /// Every corner of the hull of all bandings is found, tried one by one.
  @Test func corners() throws {
    let geometries = try geometries(rows: 64, [.int2s, .int4s, .int8s])
    let bytes = geometries.map { $0.with(rows: 16).totalBytes }
    let sensitivity = [8, 7, 1.0, 0.2]
    let costs = [4.0, 1, 0.01].map { cost in sensitivity.map { $0 * cost } }
    let found = BandSearch(
      geometries, rowCosts: costs.map { $0.flatMap { Array(repeating: $0 / 16, count: 16) } }
    ).candidates()
    for price in [1e-8, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4] {
      func total(_ bytes: Int, _ cost: Double, bands: Int) -> Double {
        cost + price * Double(bytes + 300 * bands)
      }
      var least = Double.infinity
      for number in 0..<81 {
        let choices = [number / 27, number / 9 % 3, number / 3 % 3, number % 3]
        let changes = zip(choices, choices.dropFirst()).count { $0 != $1 }
        least = min(
          least,
          total(
            choices.reduce(0) { $0 + bytes[$1] },
            choices.enumerated().reduce(0) { $0 + costs[$1.element][$1.offset] }, bands: changes))
      }
      let whole = geometries.indices.map {
        total(geometries[$0].totalBytes, costs[$0].reduce(0, +), bands: 0)
      }
      let banded = found.map { total($0.bytes, $0.cost, bands: $0.bands.count - 1) }
      let best = try #require((whole + banded).min())
      #expect(best <= least * 1.05, "\(price): \(best) \(least)")
    }
  }

  /// Where all rows are alike, there are no bands; nor where there is one tile, or nothing to choose.
  @Test func nothingToFind() throws {
    let types: [WeightType] = [.int2s, .int4s, .int8s]
    func candidates(_ rows: Int, _ costs: [Double]) throws -> [StorageCandidate] {
      try BandSearch(
        geometries(rows: rows, types), rowCosts: costs.map { Array(repeating: $0, count: rows) }
      ).candidates()
    }
    #expect(try candidates(64, [4, 1, 0.01]).isEmpty)
    #expect(try candidates(16, [3, 2, 1]).isEmpty)
    #expect(try candidates(64, [0, 0, 0]).isEmpty)
  }

  /// Bands of some matrices, of which those of `rows` rows lie in another order.
  private func recipe(_ sequences: [[Int]], steps: Int, rows: Int = 0) -> EncodingRecipe {
    let bands = [
      RowBand(firstRow: 0, type: .int5s, groupSize: 32),
      RowBand(firstRow: 32, type: .int3, groupSize: 32),
    ]
    var recipe = EncodingRecipe(
      target: .weights(.int4), method: .gptq,
      rules: ["*embed*.weight", "*up_proj.weight", "*q_proj.weight"].map {
        let isOrdered = rows > 0 && $0 == "*embed*.weight"
        return TensorRule(
          glob: Glob($0), type: .bands(bands, isOrdered ? .shuffled([0, 32], rows: rows) : nil))
      }, calibration: CalibrationSummary(sequences))
    recipe.tuningSteps = steps
    return recipe
  }

  /// Calibration and tuning reach every band: both take the model nearer than `search` does.
  @Test func calibrated() throws {
    let engine = try Engine(threads: 2)
    let sequences = Array(CalibratorTests.demo[..<4])
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    func divergence(_ model: StoredModel) throws -> Double {
      try model.file.check()
      return try Verifier(
        reference: engine.model(source), candidates: [engine.model(model)],
        compute: engine.compute
      ).compare(sequences)[0].kld.mean.value
    }
    var plain = recipe(sequences, steps: 0)
    (plain.method, plain.calibration) = (.search, nil)
    let searched = try divergence(engine.converter.load(engine.plan("doge-nano", plain)).model)
    let rounded = try divergence(
      engine.calibrator.load(
        engine.plan("doge-nano", recipe(sequences, steps: 0, rows: 2048)), sequences: sequences
      ).model)
    let tuned = try divergence(
      engine.calibrator.load(
        engine.plan("doge-nano", recipe(sequences, steps: 30, rows: 2048)), sequences: sequences
      ).model)
    #expect(rounded < 0.8 * searched, "\(rounded) \(searched)")
    #expect(tuned < 0.85 * rounded, "\(tuned) \(rounded)")
  }

  /// The same bytes on any threads and kernels, and behind a state.
  @Test(arguments: ["doge-nano", "reference/e6-moe"]) func sameBytes(fixture: String) throws {
    let vocabulary = try ModelSource.open(path: Fixtures.folder(fixture)).config.vocabularySize
    let sequences = TokenSequences.random(60, seed: 5, vocabulary: vocabulary, window: 12)
    for steps in [0, 2] {
      let recipe = recipe(sequences, steps: steps, rows: 0)
      func bytes(_ engine: Engine) throws -> [UInt8] {
        try engine.calibrator.load(engine.plan(fixture, recipe), sequences: sequences)
          .model.file.bytes
      }
      let expected = try bytes(Engine(.scalar))
      for threads in [1, 3] { #expect(try bytes(Engine(threads: threads)) == expected) }
    }
  }
}
