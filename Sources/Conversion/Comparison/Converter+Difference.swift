import ByteIO
import Diagnostics
import DogeArchitecture
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore

extension Converter {
  /// Compares two models, checkpoints or `.kibble` files, or the tensors of safetensors files.
  ///
  /// Values are read some rows at a time: what is resident does not grow with the models.
  ///
  /// - Parameters:
  ///   - a: one model.
  ///   - b: the other one.
  ///   - comparesValues: whether the tensors' values are read, too.
  /// - Returns: in what they differ; the same for any number of threads. Configs and files beside the
  ///   weights are compared where both have them.
  /// - Throws: what is damaged, or `Interruption`; all errors are `Diagnosable`.
  public func difference(
    _ a: ComparedModel, _ b: ComparedModel, comparesValues: Bool = true
  ) throws -> ModelDifference {
    var hasConfigs = true
    for case .weights in [a, b] { hasConfigs = false }
    let left = a.inventory(asInCheckpoint: !hasConfigs)
    let right = b.inventory(asInCheckpoint: !hasConfigs)
    let places = Dictionary(uniqueKeysWithValues: right.enumerated().map { ($1.name, $0) })
    let pairs = left.map { ($0.name, places[$0.name]) }
    let jobs = comparesValues ? jobs(left, right, pairs.map(\.1)) : []
    let values = try compare(jobs, a, b)
    var tensors = pairs.enumerated().map { index, pair in
      ModelDifference.Tensor(
        name: pair.0.text, a: left[index].side, b: pair.1.map { right[$0].side },
        values: values[index])
    }
    let names = Set(left.map(\.name))
    tensors += right.filter { !names.contains($0.name) }
      .map { ModelDifference.Tensor(name: $0.name.text, a: nil, b: $0.side, values: nil) }
    let blobs = hasConfigs ? (try a.blobs(), try b.blobs()) : ([], [])
    return ModelDifference(
      config: .init(try Self.config(in: blobs.0), try Self.config(in: blobs.1)),
      metadata: .init(a.facts(beside: b), b.facts(beside: a)),
      files: Self.files(blobs.0, blobs.1), tensors: tensors)
  }

  /// A pair of tensors whose values are compared: their indices.
  private struct Job {
    let a: Int
    let b: Int
    let geometry: TensorGeometry
  }

  private func jobs(
    _ left: [ComparedModel.Entry], _ right: [ComparedModel.Entry], _ places: [Int?]
  ) -> [Job] {
    left.indices.compactMap { index in
      let shape = left[index].side.shape
      guard let place = places[index], right[place].side.shape == shape else { return nil }
      // A file of weights by itself may have any number of dimensions: all but the last are rows.
      let rows = shape.dropLast().reduce(1, *)
      return TensorGeometry(
        type: .f32, arrangement: .rows,
        shape: shape.count < 2 ? [shape.last ?? 1] : [rows, shape[shape.count - 1]], groupSize: 0
      ).map { Job(a: index, b: place, geometry: $0) }
    }
  }

  /// How the values of each pair differ, by the index of its first tensor.
  private func compare(
    _ all: [Job], _ a: ComparedModel, _ b: ComparedModel
  ) throws -> [Int: ValueDifference] {
    guard !all.isEmpty else { return [:] }
    let jobs = all.filter { !ComparedModel.hasSameBytes(a, $0.a, b, $0.b) }
    for side in [a, b] { try side.checkSums(progress) }
    let parts = jobs.enumerated().flatMap { index, job in
      job.geometry.tileChunks.map { (job: index, tiles: $0) }
    }
    let inputs = try jobs.map { (try a.input(of: $0.a), try b.input(of: $0.b)) }
    let total = jobs.reduce(0) { $0 + $1.geometry.elementCount }
    let differences = try progress.phase("comparing", total: total, unit: .items) {
      try collect(parts.count) { part in
        let (job, tiles) = parts[part]
        let geometry = jobs[job].geometry
        let difference = compute.kernels.difference(
          inputs[job].0.source, inputs[job].1.source, geometry, tiles: tiles)
        inputs[job].0.release(tiles: tiles)
        inputs[job].1.release(tiles: tiles)
        progress.report(.advanced(by: difference.count))
        return difference
      }
    }
    try a.checkUnchanged()
    try b.checkUnchanged()
    // Those of the same bytes differ in nothing.
    var values = Dictionary(uniqueKeysWithValues: all.map { ($0.a, ValueDifference()) })
    for (part, difference) in zip(parts, differences) {
      values[jobs[part.job].a, default: ValueDifference()].add(difference)
    }
    return values
  }

  /// The config, of which each member is compared.
  private static func config(in blobs: [(name: String, bytes: [UInt8])]) throws -> JSONObject {
    guard let config = blobs.first(where: { $0.name == BlobName.config }) else {
      return JSONObject()
    }
    return try JSON.parse(config.bytes, dialect: .python).objectValue ?? JSONObject()
  }

  private static func files(
    _ a: [(name: String, bytes: [UInt8])], _ b: [(name: String, bytes: [UInt8])]
  ) -> [ModelDifference.File] {
    func checksums(_ files: [(name: String, bytes: [UInt8])]) -> [String: UInt32] {
      Dictionary(uniqueKeysWithValues: files.map { ($0.name, CRC32.checksum($0.bytes)) })
    }
    let (left, right) = (checksums(a), checksums(b))
    let names = a.map(\.name) + b.map(\.name).filter { left[$0] == nil }
    return names.filter { $0 != BlobName.config && left[$0] != right[$0] }
      .map { .init(name: $0, a: left[$0], b: right[$0]) }
  }
}
