import ByteIO

/// Which files of a folder hold the weights: the index decides, else the single file.
enum WeightSource {
  case sharded(index: String)
  case single(path: String)
  /// There are none; a missing config is told first.
  case missing(CheckpointError)

  static func find(in folder: String, names: [String]) throws(CheckpointError) -> WeightSource {
    if names.contains(CheckpointFolder.indexName) {
      return .sharded(index: FileSystem.join(folder, CheckpointFolder.indexName))
    }
    if names.contains(CheckpointFolder.weightsName) {
      return .single(path: FileSystem.join(folder, CheckpointFolder.weightsName))
    }
    let shards = names.filter { $0.hasPrefix("model-") && $0.hasSuffix(".safetensors") }
    if !shards.isEmpty { return .missing(.indexMissing(folder: folder, shards: shards)) }
    if let (name, format) = UnsupportedFormat.find(in: names) {
      throw .unsupported(path: FileSystem.join(folder, name), format: format)
    }
    return .missing(.weightsMissing(folder: folder, found: names))
  }
}
