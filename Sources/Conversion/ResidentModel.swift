import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// A model's values as float32 in memory, of which only some tensors are there at a time.
///
/// Small tensors always are. Tensors keep their numbers in the plan of an output.
package final class ResidentModel {
  /// The values as a `.kibble` file; tensors that are not loaded are zeros.
  package let stored: StoredModel
  private let memory: MemoryBuffer
  private let inputs: [TensorInput]
  private let source: ModelSource
  private let converter: Converter

  /// Reserves addresses for a model, and loads its small tensors.
  ///
  /// - Throws: what is wrong with the input.
  package init(_ plan: ConversionPlan, converter: Converter) throws {
    let floats = try plan.inFloat32()
    memory = try MemoryBuffer(count: floats.fileLength)
    try floats.fileLayout.writeFrame(to: memory)
    stored = try StoredModel(file: KibbleFile(region: memory, path: plan.source.path))
    source = plan.source
    inputs = source.inputs()
    self.converter = converter.silent
    try load(stored.tensors.indices.filter { !stored.tensors[$0].spec.isLarge })
  }

  /// Reads tensors from the source.
  package func load(_ numbers: [Int]) throws {
    let jobs = numbers.map { number in
      let record = stored.tensors[number].record
      return EncodingJob(
        name: record.name, shape: record.shape, input: inputs[number],
        geometry: record.geometry)
    }
    _ = try converter.encode(jobs, path: source.path) { _ in
    } write: { chunk in
      try stored.tensors[numbers[chunk.job]].record.write(chunk, to: memory)
    }
  }

  /// Forgets tensors.
  package func drop(_ numbers: [Int]) {
    for number in numbers {
      for plane in stored.tensors[number].record.planes { memory.discard(plane) }
    }
  }

  /// A tensor's values, in place.
  package func values(of number: Int) -> StoredFloats {
    let record = stored.tensors[number].record
    return StoredFloats(record.geometry, plane: record.planes[0], in: memory)
  }

  /// A tensor's values as the input of an encoding.
  func input(of number: Int) -> TensorInput {
    TensorInput(stored.tensors[number].record, in: memory)
  }
}
