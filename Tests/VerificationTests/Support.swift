import Conversion
import DogeModel
import Kernels
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing

/// A checkpoint as a model, converted in memory.
func model(
  _ fixture: String, type: String = "source", mode: ComputeMode = .exact
) throws -> DogeModel {
  let compute = try Compute(threads: 1)
  let recipe = EncodingRecipe(target: try #require(TargetType(name: type)))
  let plan = try ConversionPlan(
    source: .open(path: Fixtures.folder(fixture)), recipe: recipe, toolVersion: "1.2.3")
  let stored = try Converter(compute: compute).load(plan).model
  return DogeModel(stored, compute: compute, mode: mode)
}

extension FloatMatrix {
  /// A matrix of these rows.
  convenience init(_ values: [[Float]]) {
    self.init(rows: values.count, columns: values.first?.count ?? 0)
    for (row, value) in values.enumerated() { set(row, value) }
  }

  /// All rows.
  var values: [[Float]] { (0..<rows).map(row) }
}

/// Values without a pattern, between -scale and scale.
func values(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 4) -> [[Float]] {
  var state = seed
  return (0..<rows).map { _ in
    (0..<columns).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
  }
}
