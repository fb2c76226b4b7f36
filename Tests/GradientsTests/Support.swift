import Conversion
import DogeModel
import Foundation
import Gradients
import Kernels
import ModelFile
import Parallel
import Quantization
import Safetensors
import TestSupport
import Testing

/// A way to compute that must not matter.
struct Machine: Sendable {
  let isa: InstructionSet?
  let threads: Int

  static let best = Machine(isa: nil, threads: 2)
  /// The plainest, and several threads with every kernel set.
  static let all =
    InstructionSet.available.flatMap { isa in [1, 3].map { Machine(isa: isa, threads: $0) } }
}

/// A checkpoint of the fixtures, converted in memory.
struct Subject {
  let stored: StoredModel
  let compute: Compute

  /// Converts the checkpoint of a folder below `fixtures`.
  init(_ name: String, on machine: Machine = .best) throws {
    compute = try Compute(isa: machine.isa, threads: machine.threads)
    let recipe = EncodingRecipe(target: try #require(TargetType(name: "f32")), groupSize: 32)
    let source = try ModelSource.open(path: Fixtures.folder(name))
    let plan = try ConversionPlan(source: source, recipe: recipe, toolVersion: "1.2.3")
    stored = try Converter(compute: compute).load(plan).model
  }

  func model() -> DogeModel { DogeModel(stored, compute: compute) }

  func differentiable() -> DifferentiableModel {
    DifferentiableModel(stored, compute: compute)
  }

  /// Numbers of the tensors that gradients are given for: all matrices but those of the mask.
  var matrices: [Int] {
    stored.tensors.indices.filter { stored.tensors[$0].spec.isLarge }
  }
}

/// Rows of values as a matrix.
func matrix(_ rows: [[Float]]) -> FloatMatrix {
  let out = FloatMatrix(rows: rows.count, columns: rows.first?.count ?? 0)
  for (row, values) in rows.enumerated() { out.set(row, values) }
  return out
}

extension FloatMatrix {
  /// All values, row after row.
  var flat: [Float] { (0..<rows).flatMap(row) }

  /// Some of its rows, in memory of their own.
  func copy(_ range: Range<Int>) -> FloatMatrix { matrix(range.map(row)) }
}

/// The tensors of a safetensors file.
struct TensorFile {
  private let file: SafetensorsFile
  private let bytes: Data

  init(_ path: String) throws {
    file = try SafetensorsFile(path: path)
    bytes = try Data(contentsOf: URL(fileURLWithPath: path))
  }

  func values<Value>(_ name: String, as type: Value.Type) throws -> [Value] {
    let entry = try #require(file[name])
    return bytes[entry.byteRange].withUnsafeBytes { raw in
      (0..<entry.elementCount).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: type)
      }
    }
  }

  func rows(_ name: String) throws -> [[Float]] {
    let columns = try #require(file[name]).shape[1]
    let flat = try values(name, as: Float.self)
    return stride(from: 0, to: flat.count, by: columns).map { Array(flat[$0..<$0 + columns]) }
  }
}
