import Calibration
import Conversion
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing
import Verification

@Suite struct TuningTests {
  private func tuned(
    _ engine: Engine, _ fixture: String, _ sequences: [[Int]], steps: Int
  ) throws -> (model: StoredModel, report: ConversionReport) {
    var recipe = EncodingRecipe(
      target: .weights(.int4), method: .gptq, calibration: CalibrationSummary(sequences))
    recipe.tuningSteps = steps
    let (model, report, _) = try engine.calibrator.load(
      engine.plan(fixture, recipe), sequences: sequences)
    return (model, report)
  }

  /// Tuning takes the model nearer to what it was.
  @Test func nearer() throws {
    let engine = try Engine(threads: 2)
    let sequences = Array(CalibratorTests.demo[..<4])
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    func divergence(_ steps: Int) throws -> Double {
      let model = try tuned(engine, "doge-nano", sequences, steps: steps).model
      try model.file.check()
      return try Verifier(
        reference: engine.model(source), candidates: [engine.model(model)],
        compute: engine.compute
      ).compare(sequences)[0].kld.mean.value
    }
    let ratio = try divergence(30) / divergence(0)
    // On the sequences that it was tuned with.
    #expect(ratio < 0.85, "\(ratio)")
  }

  /// The same bytes on any threads and kernels.
  @Test(arguments: ["doge-nano", "reference/e6-moe"])
  func sameBytes(fixture: String) throws {
    let vocabulary = try ModelSource.open(path: Fixtures.folder(fixture)).config.vocabularySize
    let sequences = TokenSequences.random(60, seed: 5, vocabulary: vocabulary, window: 12)
    let expected = try tuned(Engine(.scalar), fixture, sequences, steps: 3)
    for threads in [1, 3] {
      let other = try tuned(Engine(threads: threads), fixture, sequences, steps: 3)
      #expect(other.model.file.bytes == expected.model.file.bytes)
      #expect(
        other.report.tensors.map(\.rootMeanSquareError)
          == expected.report.tensors.map(\.rootMeanSquareError))
    }
    #expect(expected.model.file.metadata["recipe"]?["tuning_steps"] == 3)
  }
}
