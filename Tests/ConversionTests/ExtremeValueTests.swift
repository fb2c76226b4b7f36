import Conversion
import Diagnostics
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing

/// Weights at the ends of what floats can hold: what is written passes `check`, or is refused.
@Suite struct ExtremeValueTests {
  private static let fixture = "reference/e6-mha-untied-f32"
  private static let tensor = "model.layers.0.mlp.up_proj.weight"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let values: [Float] = [
    0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1e-30,
    0x1p-24, 0x1p-25, 0x1p-14, 65_504, 65_519, 65_520, -65_536, 1e30, 0x1p126, 0x1p127, -0x1p127,
    0x1.8p127, 0x1.FDp127, 0x1.FEp127, 0x1.FFp127, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude,
  ]

  /// All weights of a tensor the same.
  @Test(arguments: ["source", "f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func constantTensors(type: String) throws {
    for (index, value) in Self.values.enumerated() {
      let path = try folder.copy(
        fixture: Self.fixture, setting: Self.tensor, to: value, as: "\(index)")
      for method in type.hasPrefix("int") ? [QuantizationMethod.search, .rtn] : [.search] {
        do {
          let (model, _) = try converter().load(plan(path, recipe(type, method)))
          try model.file.check()
        } catch ConversionError.overflow(_, let tensor, let place, let found, _) {
          #expect(tensor == Self.tensor && place == [0, 0] && found == value)
          let limit: Float = type == "f16" ? 65_520 : type == "bf16" ? 0x1.FFp127 : 0x1p127
          #expect(abs(value) >= limit, "\(value) as \(type)")
        }
      }
    }
  }

  /// One huge value beside ordinary ones: the rows that it costs are told.
  @Test(arguments: ["int8", "int4"], [QuantizationMethod.search, .rtn])
  func oneOutlier(type: String, method: QuantizationMethod) throws {
    let path = try folder.copy(
      fixture: Self.fixture, setting: Self.tensor, to: 1e-2, as: "outlier")
    var bytes = try folder.read("outlier/model.safetensors")
    let pattern = withUnsafeBytes(of: Float(1e-2).bitPattern.littleEndian) { [UInt8]($0) }
    let first = try #require(bytes.firstRange(of: pattern + pattern)?.lowerBound)
    bytes.replaceSubrange(
      first..<first + 4,
      with: withUnsafeBytes(of: Float(1e30).bitPattern.littleEndian) { [UInt8]($0) })
    try folder.write("outlier/model.safetensors", bytes)
    let (model, report) = try converter().load(plan(path, recipe(type, method)))
    try model.file.check()
    let tensor = try #require(report.tensors.first { $0.name == Self.tensor })
    let groups = tensor.shape[0] * ((tensor.shape[1] + 31) / 32)
    #expect(tensor.flushedGroups == groups - 1)
    #expect(tensor.note?.contains("\(groups - 1) groups became 0") == true)
    #expect(report.warnings.contains { $0.contains(Self.tensor) })
    let others = report.tensors.filter { $0.name != Self.tensor }
    #expect(others.allSatisfy { $0.flushedGroups == 0 })
  }
}
