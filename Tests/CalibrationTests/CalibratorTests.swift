import Calibration
import Conversion
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing
import Verification

@Suite struct CalibratorTests {
  static let demo: [[Int]] = {
    let path = Fixtures.folder("doge-nano") + "/demo.tokens.json"
    return (try? TokenSequences.parse(fileBytes(path), path: path)) ?? []
  }()

  /// The same bytes on any threads and kernels.
  @Test(arguments: ["doge-nano", "reference/e6-moe"])
  func sameBytes(fixture: String) throws {
    let vocabulary = try ModelSource.open(path: Fixtures.folder(fixture)).config.vocabularySize
    let sequences = TokenSequences.random(40, seed: 5, vocabulary: vocabulary, window: 25)
    let expected = try Engine(.scalar).gptq(fixture, .int4, sequences)
    for isa in InstructionSet.available {
      for threads in isa == InstructionSet.available.last ? [1, 2, 3] : [2] {
        let (model, report, warnings) = try Engine(isa, threads: threads)
          .gptq(fixture, .int4, sequences)
        #expect(model.file.bytes == expected.model.file.bytes, "\(isa), \(threads) threads")
        #expect(
          report.tensors.map(\.rootMeanSquareError)
            == expected.report.tensors.map(\.rootMeanSquareError))
        #expect(warnings == expected.warnings)
      }
    }
  }

  /// The model's distribution is nearer than with scales by search.
  @Test func nearerThanSearch() throws {
    let engine = try Engine(threads: 2)
    let (model, report, _) = try engine.gptq("doge-nano", .int4, Array(Self.demo[..<4]))
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    let search = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .weights(.int4)))
    ).model
    #expect(model.tensors.map(\.types) == search.tensors.map(\.types))
    func divergence(_ candidate: StoredModel) throws -> Double {
      try Verifier(
        reference: engine.model(source), candidates: [engine.model(candidate)],
        compute: engine.compute
      ).compare(Array(Self.demo[4...]))[0].kld.mean.value
    }
    let ratio = try divergence(model) / divergence(search)
    // Four sequences of 256 tokens are few; they gave 0.78.
    #expect(ratio < 0.8, "\(ratio)")
    // Errors are those against the checkpoint.
    for tensor in report.tensors where tensor.type.isQuantized {
      #expect(tensor.rootMeanSquareError > 0)
    }
  }

  /// The file says how it was calibrated, and is whole.
  @Test func record() throws {
    let engine = try Engine()
    let sequences = [Array(Self.demo[0].prefix(30)), [7]]
    let (model, report, warnings) = try engine.gptq("doge-nano", .int8, sequences)
    let recipe = try #require(model.file.metadata["recipe"])
    #expect(recipe["method"] == "gptq")
    #expect(recipe["calibration"]?["tokens"] == 31)
    #expect(recipe["calibration"]?["sequences"] == 2)
    #expect(warnings.contains { $0.contains("31 tokens") })
    try model.file.check()
    // What was written is what the calibration reckoned with: the errors are those of its values.
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    for (index, tensor) in report.tensors.enumerated() where tensor.type.isQuantized {
      var values: [Float] = []
      source.forEachRow(of: source.tensors[index].bands, kernels: engine.compute.kernels) {
        values += $0
      }
      var squares = 0.0
      var position = 0
      model.forEachRow(of: model.tensors[index].bands, kernels: engine.compute.kernels) { row in
        for value in row {
          let difference = Double(value) - Double(values[position])
          squares += difference * difference
          position += 1
        }
      }
      let error = (squares / Double(values.count)).squareRoot()
      #expect(abs(error - tensor.rootMeanSquareError) <= 1e-9 * error, "\(tensor.name)")
    }
  }

  /// Experts that no token chose are rounded without calibration, and counted.
  @Test func idleExperts() throws {
    let engine = try Engine()
    let (model, _, warnings) = try engine.gptq("reference/e6-moe", .int4, [[1, 2, 3]])
    #expect(warnings.contains { $0.contains("were not chosen by any token") }, "\(warnings)")
    try model.file.check()
  }

  /// Summaries tell sequences apart.
  @Test func summaries() {
    let summary = CalibrationSummary([[1, 2], [3]])
    #expect(summary.tokens == 3 && summary.sequences == 2)
    #expect(summary.crc32 != CalibrationSummary([[1], [2, 3]]).crc32)
    #expect(summary.crc32 != CalibrationSummary([[1, 2], [4]]).crc32)
  }
}
