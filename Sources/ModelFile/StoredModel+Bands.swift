import DogeArchitecture
import KibbleFormat
import TensorCore

extension StoredModel {
  /// Finds the records of each tensor: its own, or those of its bands, one behind the other.
  static func bands(
    of specs: [TensorSpec], in file: KibbleFile
  ) throws(ModelFileError) -> [[TensorRecord]] {
    // The file's own rules have it that bands follow each other without a gap.
    let tensors = file.tensors.runs { $0.firstRow ?? 0 == 0 }
    guard specs.count == tensors.count else {
      throw .storedTensors(path: file.path, expected: specs.count, found: tensors.count)
    }
    for (spec, bands) in zip(specs, tensors) {
      var shape = bands[0].shape
      if bands.count > 1 { shape[0] = bands.reduce(0) { $0 + $1.shape[0] } }
      guard bands[0].tensorName == spec.canonicalName, shape == spec.shape,
        bands[0].geometry.arrangement == spec.arrangement
      else {
        throw .storedTensor(
          path: file.path, tensor: bands[0].name, expected: spec.canonicalName, shape: spec.shape)
      }
    }
    return tensors
  }

  /// Finds in which order the rows of each tensor are stored; nil where that is the matrix's.
  static func orders(of tensors: [[TensorRecord]], in file: KibbleFile) throws -> [RowOrder?] {
    guard let blob = file.blobs.first(where: { $0.name == KibbleFormat.rowsName }) else {
      return tensors.map { _ in nil }
    }
    var bytes = try file.checkedBytes(of: blob)[...]
    let orders = try tensors.map { bands throws(ModelFileError) -> RowOrder? in
      guard bands.count > 1 else { return nil }
      let rows = bands.reduce(0) { $0 + $1.shape[0] }
      let order = RowOrder(bands: Array(bytes.prefix(rows)))
      guard order.counts == bands.map({ $0.shape[0] }) else {
        throw .rowOrder(path: file.path, tensor: bands[0].tensorName)
      }
      bytes = bytes.dropFirst(rows)
      return order
    }
    guard bytes.isEmpty else { throw ModelFileError.rowOrder(path: file.path, tensor: nil) }
    return orders
  }
}

extension [TensorRecord] {
  /// Runs that begin where `isFirst` says so.
  fileprivate func runs(from isFirst: (TensorRecord) -> Bool) -> [[TensorRecord]] {
    var runs: [[TensorRecord]] = []
    for record in self {
      if isFirst(record) || runs.isEmpty { runs.append([]) }
      runs[runs.count - 1].append(record)
    }
    return runs
  }
}
