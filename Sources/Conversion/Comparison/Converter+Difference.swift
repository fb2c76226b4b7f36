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
  /// Compares two models, checkpoints or `.kibble` files.
  ///
  /// Values are read some rows at a time: what is resident does not grow with the models.
  ///
  /// - Parameters:
  ///   - a: one model.
  ///   - b: the other one.
  ///   - comparesValues: whether the tensors' values are read, too.
  /// - Returns: in what they differ; the same for any number of threads.
  /// - Throws: what is damaged, or `Interruption`; all errors are `Diagnosable`.
  public func difference(
    _ a: ModelSource, _ b: ModelSource, comparesValues: Bool = true
  ) throws -> ModelDifference {
    let (left, right) = (a.inventory, b.inventory)
    let places = Dictionary(uniqueKeysWithValues: right.enumerated().map { ($1.name, $0) })
    let pairs = left.map { ($0.name, places[$0.name]) }
    let jobs = comparesValues ? jobs(left, right, pairs.map(\.1)) : []
    let values = try compare(jobs, a, b)
    var tensors = pairs.enumerated().map { index, pair in
      ModelDifference.Tensor(
        name: pair.0, a: left[index].side, b: pair.1.map { right[$0].side },
        values: values[index])
    }
    let names = Set(left.map(\.name))
    tensors += right.filter { !names.contains($0.name) }
      .map { ModelDifference.Tensor(name: $0.name, a: nil, b: $0.side, values: nil) }
    let blobs = (try a.blobs(), try b.blobs())
    return ModelDifference(
      config: try .init(
        a.config(in: blobs.0), b.config(in: blobs.1)), metadata: .init(a.facts(b), b.facts(a)),
      files: Self.files(blobs.0, blobs.1), tensors: tensors)
  }

  /// A pair of tensors whose values are compared: their indices.
  private struct Job {
    let a: Int
    let b: Int
    let geometry: TensorGeometry
  }

  private func jobs(
    _ left: [InventoryEntry], _ right: [InventoryEntry], _ places: [Int?]
  ) -> [Job] {
    left.indices.compactMap { index in
      let shape = left[index].side.shape
      guard let place = places[index], right[place].side.shape == shape else { return nil }
      return TensorGeometry(type: .f32, arrangement: .rows, shape: shape, groupSize: 0)
        .map { Job(a: index, b: place, geometry: $0) }
    }
  }

  /// How the values of each pair differ, by the index of its first tensor.
  private func compare(
    _ jobs: [Job], _ a: ModelSource, _ b: ModelSource
  ) throws -> [Int: ValueDifference] {
    guard !jobs.isEmpty else { return [:] }
    for case .kibble(let model) in [a, b] { try model.file.checkSums(progress: progress) }
    let parts = jobs.enumerated().flatMap { index, job in
      job.geometry.tileChunks.map { (job: index, tiles: $0) }
    }
    let inputs = jobs.map { (a.input(of: $0.a), b.input(of: $0.b)) }
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
    var values: [Int: ValueDifference] = [:]
    for (part, difference) in zip(parts, differences) {
      values[jobs[part.job].a, default: ValueDifference()].add(difference)
    }
    return values
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

/// A tensor in a model's inventory.
private struct InventoryEntry {
  let name: String
  let side: ModelDifference.Side
}

extension ModelSource {
  /// The tensors in the order of their use.
  fileprivate var inventory: [InventoryEntry] {
    switch self {
    case .checkpoint(_, let resolved):
      resolved.tensors.map {
        InventoryEntry(
          name: $0.spec.canonicalName,
          side: .init(shape: $0.spec.shape, type: $0.sourceType.rawValue.lowercased()))
      }
    case .kibble(let model):
      model.tensors.map {
        InventoryEntry(
          name: $0.name, side: .init(shape: $0.spec.shape, type: $0.bands.typeText))
      }
    }
  }

  /// The config, of which each member is compared.
  fileprivate func config(in blobs: [(name: String, bytes: [UInt8])]) throws -> JSONObject {
    guard let config = blobs.first(where: { $0.name == BlobName.config }) else {
      return JSONObject()
    }
    return try JSON.parse(config.bytes, dialect: .python).objectValue ?? JSONObject()
  }

  /// What the metadata say of the model: where the other one is a file, too, all but the list of
  /// tensors.
  fileprivate func facts(_ other: ModelSource) -> JSONObject {
    if case .kibble(let model) = self, case .kibble = other {
      var facts = model.file.metadata.objectValue ?? JSONObject()
      facts["tensors"] = nil
      return facts
    }
    return JSONObject([("layout", JSON(layout.name))])
  }
}

extension [TensorRecord] {
  /// The type with its group size, or those of all bands in the order of their first ones.
  fileprivate var typeText: String {
    var texts: [String] = []
    for record in self {
      let group = record.type.isQuantized ? " g\(record.geometry.groupSize)" : ""
      if !texts.contains(record.type.name + group) { texts.append(record.type.name + group) }
    }
    return count == 1 ? texts[0] : "\(count) bands of " + texts.joined(separator: ", ")
  }
}
