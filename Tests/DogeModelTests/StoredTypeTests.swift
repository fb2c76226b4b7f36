import Conversion
import DogeModel
import Kernels
import ModelFile
import Parallel
import TensorCore
import TestSupport
import Testing

/// The kernels read stored types; what they compute is what the values stand for.
@Suite struct StoredTypeTests {
  static let cases = [
    "reference/e6-bias-f16", "reference/e3-moe-oldnames", "cases/odd-shapes",
    "cases/doge2-moe-untied", "cases/doge2-keepwindow", "cases/massive-activation",
  ]
  static let types = [
    ("int8", 32), ("int8", 128), ("int4", 32), ("int4", 64), ("int5", 32), ("int5", 64),
    ("int6", 32), ("int6", 128), ("int3", 32), ("int3", 128), ("int2", 32), ("int2", 64),
    ("f16", 32), ("bf16", 32),
  ]

  @Test(arguments: cases, types)
  func compressedWeightsRunAsTheirValues(_ name: String, _ type: (String, Int)) throws {
    let folder = try TemporaryFolder()
    let compressed = try model(Fixtures.folder(name), type: type.0, group: type.1)
    let converter = Converter(compute: try Compute(threads: 1))
    _ = try converter.export(compressed.stored, to: folder.path("export"))
    let exported = try model(folder.path("export"))
    #expect(exported.stored.tensors.allSatisfy { $0.types == [.f32] })
    let tokens = tokens(21, below: compressed.config.vocabularySize)
    let expected = try run(exported, tokens)
    let stepwise = try runStepwise(exported, tokens)
    #expect(try run(compressed, tokens).bits == expected.bits)
    #expect(try runStepwise(compressed, tokens).bits == stepwise.bits)
    let original = try run(try model(Fixtures.folder(name), type: "f32"), tokens)
    if type.0.hasPrefix("int") { #expect(original.bits != expected.bits) }
  }

  @Test(arguments: ["source", "f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func machinesDoNotMatter(_ type: String) throws {
    let path = Fixtures.folder("cases/doge2-moe-untied")
    let plain = try model(path, type: type, on: .plain)
    let tokens = tokens(21, below: plain.config.vocabularySize)
    let expected = try run(plain, tokens).bits
    for machine in Machine.others {
      #expect(try run(try model(path, type: type, on: machine), tokens).bits == expected)
    }
  }

  @Test(arguments: ["source", "f16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func massiveActivationsStayFinite(_ type: String) throws {
    let golden = GoldenCase(name: "cases/massive-activation")
    let tokens = try golden.golden().tokens
    let outcome = try run(try model(golden.folder, type: type), tokens)
    let values = outcome.hidden.flatMap { $0.flatMap { $0 } } + outcome.logits.flatMap { $0 }
    #expect(values.allSatisfy { $0.isFinite })
    // Few bits move the spike itself.
    let least: [String: Float] = ["int2": 1_000, "int3": 1_000, "int4": 10_000, "int5": 50_000]
    let largest = values.reduce(0) { max($0, abs($1)) }
    #expect(largest > least[type] ?? 57_000)
  }
}
