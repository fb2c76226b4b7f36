import ByteIO
import Calibration
import Conversion
import Diagnostics
import ModelFile
import Quantization
import TestSupport
import Testing

/// Finite weights whose activations overflow on the calibration's tokens.
@Suite struct NotFiniteTests {
  private static let sequences = [[1, 2, 3, 4, 5, 6, 7, 8]]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What is set, to what, and the first matrix whose inputs are not finite then.
  static let cases: [(set: String, value: Float, named: String)] = [
    ("model.norm.weight", 3e38, "lm_head.weight"),
    ("model.embed_tokens.weight", 1e30, "lm_head.weight"),
    ("model.layers.1.mlp.up_proj.weight", 1e25, "lm_head.weight"),
  ]

  private func copy(_ set: String, _ value: Float) throws -> String {
    try folder.copy(fixture: "reference/e6-mha-untied-f32", setting: set, to: value)
  }

  @Test(arguments: cases.prefix(1))
  func gptq(set: String, value: Float, named: String) throws {
    let path = try copy(set, value)
    #expect(throws: CalibrationError.notFinite(tensor: named)) {
      try Engine().gptq(path, .int4, Self.sequences)
    }
    #expect(CalibrationError.notFinite(tensor: named).diagnostic.kind == .badData)
  }

  @Test(arguments: cases.prefix(1))
  func mixed(set: String, value: Float, named: String) throws {
    let source = try ModelSource.open(path: copy(set, value))
    #expect(throws: CalibrationError.notFinite(tensor: named)) {
      try Engine().calibrator.mixedRecipe(
        for: source, base: EncodingRecipe(target: .mixed, method: .gptq),
        under: .bitsPerWeight(6), groupSizes: [32], sequences: Self.sequences,
        toolVersion: "1.2.3")
    }
  }

  /// Whatever overflows, and wherever: an end, and an error that names a matrix.
  @Test(arguments: [
    "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight",
    "model.layers.0.self_attn.v_proj.weight", "model.layers.1.input_layernorm.weight",
    "model.layers.1.mlp.gate_proj.weight",
  ])
  func elsewhere(set: String) throws {
    for value: Float in [1e19, 1e25, 1e38] {
      let path = try folder.copy(
        fixture: "reference/e6-mha-untied-f32", setting: set, to: value, as: "\(value)")
      do {
        _ = try Engine().gptq(path, .int4, Self.sequences)
      } catch CalibrationError.notFinite(let tensor) {
        #expect(tensor.hasSuffix(".weight"))
      } catch is ConversionError {}
    }
  }
}
