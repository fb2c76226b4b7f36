import Calibration
import Conversion
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing
import Verification

@Suite struct SensitivityTests {
  private static let sequences = Array(CalibratorTests.demo[..<4])

  private func search(_ fixture: String) throws -> MixedSearch {
    try MixedSearch(
      source: .open(path: Fixtures.folder(fixture)),
      base: EncodingRecipe(target: .mixed, method: .gptq), toolVersion: "1.2.3")
  }

  private func costs(
    _ engine: Engine, _ search: MixedSearch, _ sequences: [[Int]]
  ) throws -> [[Double]] {
    try engine.calibrator.costs(of: search, sequences: sequences)
      .map { $0.map { $0.reduce(0, +) } }
  }

  /// A cost is near the KLD of a model in which only that tensor is rounded.
  @Test func ablation() throws {
    let engine = try Engine(threads: 2)
    let search = try search("doge-nano")
    let costs = try costs(engine, search, Self.sequences)
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    for name in ["model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight"] {
      let index = try #require(search.tensors.firstIndex { $0.spec.canonicalName == name })
      for type in [WeightType.int4, .int5, .int6] {
        let choice = search.tensors[index].geometries.firstIndex {
          $0.type == type && $0.groupSize == 32
        }
        let expected = costs[index][try #require(choice)]
        let rule = TensorRule(glob: Glob(name), type: .weights(type))
        let rounded = try engine.converter.load(
          engine.plan("doge-nano", EncodingRecipe(target: .weights(.f32), rules: [rule]))
        ).model
        let measured = try Verifier(
          reference: engine.model(source), candidates: [engine.model(rounded)],
          compute: engine.compute
        ).compare(Self.sequences)[0].kld.mean.value
        // The model is rounded by search here, without compensation.
        let ratio = measured / expected
        #expect(ratio > 0.8 && ratio < 3, "\(name) \(type): \(ratio)")
      }
    }
  }

  /// Costs fall with bits and smaller groups, and bf16 of a bf16 model costs nothing.
  @Test func order() throws {
    let engine = try Engine(threads: 2)
    let search = try search("doge-nano")
    for (tensor, costs) in zip(search.tensors, try costs(engine, search, Self.sequences)) {
      func cost(_ type: WeightType, _ group: Int) -> Double {
        zip(tensor.geometries, costs).first { $0.0.type == type && $0.0.groupSize == group }?.1
          ?? .nan
      }
      #expect(cost(.int4s, 64) > cost(.int4s, 32))
      #expect(cost(.int4s, 128).isNaN || cost(.int4s, 128) > cost(.int4s, 64))
      #expect((0.9...1.15).contains(cost(.int4s, 32) / cost(.int4, 32)))
      #expect(cost(.int4, 32) > 2 * cost(.int5, 32))
      #expect(cost(.int5, 32) > 2 * cost(.int6, 32))
      #expect(cost(.int6, 32) > 4 * cost(.int8, 32))
      #expect(cost(.bf16, 0) < cost(.int8, 32))
    }
  }

  /// The same costs on any threads and kernels.
  @Test(arguments: ["reference/e6-moe", "reference/e6-bias-f16"])
  func sameBits(fixture: String) throws {
    let search = try search(fixture)
    let sequences = TokenSequences.random(
      40, seed: 5, vocabulary: search.source.config.vocabularySize, window: 20)
    let expected = try costs(Engine(.scalar), search, sequences)
    #expect(expected.joined().allSatisfy { $0.isFinite })
    for threads in [1, 3] {
      #expect(try costs(Engine(threads: threads), search, sequences) == expected)
    }
  }
}
