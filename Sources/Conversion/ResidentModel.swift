import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// A model's values as float32 in memory, of which only some tensors are there at a time.
///
/// Small tensors always are. Tensors keep their numbers in the plan of an output, and their rows lie
/// in its order.
package final class ResidentModel {
  /// The values as a `.kibble` file; tensors that are not loaded are zeros.
  package let stored: StoredModel
  private let memory: MemoryBuffer
  private let source: ModelSource
  /// In which order the rows of each tensor are.
  private let orders: [RowOrder?]
  private let converter: Converter

  /// Reserves addresses for a model, and loads its small tensors.
  ///
  /// - Throws: what is wrong with the input.
  package init(_ plan: ConversionPlan, converter: Converter) throws {
    let floats = try plan.inFloat32()
    memory = try MemoryBuffer(count: floats.fileLength)
    try floats.fileLayout.writeFrame(to: memory)
    orders = plan.tensors.map(\.order)
    stored = try StoredModel(
      file: KibbleFile(region: memory, path: plan.source.path), orders: orders)
    source = plan.source
    self.converter = converter.silent
    try load(stored.tensors.indices.filter { !stored.tensors[$0].spec.isLarge })
  }

  /// Reads tensors from the source.
  package func load(_ numbers: [Int]) throws {
    let jobs = numbers.map { number in
      let record = stored.tensors[number].record
      return EncodingJob(
        name: record.name, shape: record.shape,
        input: source.input(of: number, order: orders[number]),
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

  /// The values of some stored rows of a tensor, in place; nil for all rows.
  package func values(of number: Int, rows: Range<Int>? = nil) -> StoredFloats {
    let record = record(number, rows)
    return StoredFloats(record.geometry, plane: record.planes[0], in: memory)
  }

  /// The same as the input of an encoding.
  func input(of number: Int, rows: Range<Int>) -> TensorInput {
    TensorInput([record(number, rows)], in: memory)
  }

  private func record(_ number: Int, _ rows: Range<Int>?) -> TensorRecord {
    let record = stored.tensors[number].record
    return rows.map { $0.count == record.geometry.rows ? record : record.part(rows: $0) } ?? record
  }
}

extension StoredModel.Tensor {
  /// The record of a float tensor, which has but one.
  fileprivate var record: TensorRecord { bands[0] }
}
