import ByteIO
import DogeModel
import Kernels
import Safetensors
import TensorCore
import TestSupport
import Verification

/// What a golden file holds, to be written in any format.
struct SampleGolden {
  struct Tensor {
    var shape: [Int]
    var values: [Double]
    var type: ElementType
  }

  var tensors: [String: Tensor] = [:]

  /// All that a model gives for some sequences, one behind the other.
  init(_ model: DogeModel, _ sequences: [[Int]]) throws {
    let traces = try sequences.map {
      try LogitTrace(model, tokens: $0, stepwise: false, routing: .hf, hidden: true)
    }
    let total = sequences.reduce(0) { $0 + $1.count }
    func add(_ name: String, _ shape: [Int], _ matrices: [FloatMatrix]) {
      tensors[name] = Tensor(
        shape: shape, values: matrices.flatMap { $0.values.flatMap { $0.map(Double.init) } },
        type: .f32)
    }
    func add(_ name: String, ids: [Int]) {
      tensors[name] = Tensor(shape: [ids.count], values: ids.map(Double.init), type: .i64)
    }
    let (layers, width) = (model.config.layerCount, model.config.hiddenSize)
    add("input_ids", ids: sequences.flatMap { $0 })
    add("sequence_lengths", ids: sequences.map(\.count))
    add("logits", [total, model.config.vocabularySize], traces.map(\.logits))
    add("logits_stepwise", [total, model.config.vocabularySize], traces.map(\.logits))
    add(
      "hidden", [layers + 1, total, width],
      (0...layers).flatMap { state in traces.map { $0.hidden[state] } })
    add(
      "hidden_attention", [layers, total, width],
      (0..<layers).flatMap { layer in traces.map { $0.hiddenAttention[layer] } })
  }

  /// The same with other axes for the tokens.
  func shaped(_ axes: [Int]) -> SampleGolden {
    var sample = self
    sample.tensors["sequence_lengths"] = nil
    for (name, tensor) in tensors where name != "sequence_lengths" {
      let place = name.hasPrefix("hidden") ? 1 : 0
      sample.tensors[name]?.shape.replaceSubrange(place...place, with: axes)
      assert(sample.tensors[name]?.shape.reduce(1, *) == tensor.values.count)
    }
    return sample
  }

  /// The same with other types.
  func typed(_ floats: ElementType, _ integers: ElementType = .i64) -> SampleGolden {
    var sample = self
    for (name, tensor) in tensors {
      sample.tensors[name]?.type = tensor.type == .i64 ? integers : floats
    }
    return sample
  }

  enum Format: CaseIterable {
    case safetensors, stored, deflated
  }

  /// Writes a file into a folder; its path.
  func write(_ format: Format, to folder: TemporaryFolder) throws -> String {
    let names = tensors.keys.sorted()
    switch format {
    case .safetensors:
      let writer = try SafetensorsWriter(
        tensors: names.compactMap { name in
          tensors[name].map { .init(name: name, type: $0.type, shape: $0.shape) }
        })
      let bytes = writer.headerBytes + names.flatMap { tensors[$0]?.bytes ?? [] }
      return try folder.write("golden.safetensors", bytes)
    case .stored, .deflated:
      let entries = names.map { (name: $0 + ".npy", bytes: tensors[$0]?.npy ?? []) }
      let archive = SampleArchive(entries, format == .stored ? .stored : .deflated)
      return try folder.write("golden.npz", archive.bytes)
    }
  }
}

extension SampleGolden.Tensor {
  /// A `.npy` file of it.
  var npy: [UInt8] {
    let types: [ElementType: String] = [
      .f16: "<f2", .f32: "<f4", .f64: "<f8", .i32: "<i4", .i64: "<i8",
    ]
    return TestSupport.npy(types[type] ?? "<V2", shape, bytes)
  }

  /// Its elements.
  var bytes: [UInt8] {
    values.flatMap { value -> [UInt8] in
      switch type {
      case .f16: littleEndian(Int(Float(value).binary16), 2)
      case .bf16: littleEndian(Int(Float(value).roundedToBFloat16.bitPattern >> 16), 2)
      case .f32: littleEndian(Int(Float(value).bitPattern), 4)
      case .f64: littleEndian(Int(truncatingIfNeeded: value.bitPattern), 8)
      default: littleEndian(Int(value), type.bits / 8)
      }
    }
  }
}
