import ByteIO
import JSONCore

/// Why a path is no checkpoint that can be read.
public enum CheckpointError: Error, Equatable {
  /// A file of the checkpoint cannot be read.
  case file(FileError)
  /// A weight file breaks a rule of its format.
  case safetensors(SafetensorsError)

  /// The path is a file.
  case notFolder(path: String)
  /// The folder has weights and no config.json.
  case configMissing(folder: String)
  /// There are no weights; `found` are the files that are there.
  case weightsMissing(folder: String, found: [String])
  /// There are numbered shards, but no index that lists them.
  case indexMissing(folder: String, shards: [String])
  /// The weights are in a format that is not read.
  case unsupported(path: String, format: UnsupportedFormat)

  // Cache folders of huggingface_hub.
  /// The cache folder holds no snapshot.
  case snapshotMissing(folder: String)
  /// `refs/main` names a snapshot that is not there.
  case snapshotAbsent(folder: String, commit: String)
  /// The cache folder holds several snapshots, and `refs/main` does not choose one.
  case snapshotAmbiguous(folder: String, snapshots: [String])

  // The index of the shards.
  /// The index is not JSON.
  case indexNotJSON(path: String, JSONError)
  /// The index has no object `weight_map`; `found` is nil where it has none at all.
  case indexWithoutMap(path: String, found: String?)
  /// The index lists no tensor.
  case indexEmpty(path: String)
  /// A value of `weight_map` is no string.
  case indexEntryNotString(path: String, tensor: String, found: String)
  /// A value of `weight_map` is no plain file name.
  case indexNotPlainName(path: String, tensor: String, shard: String)
  /// Shards that the index lists are not there.
  case shardsMissing(path: String, shards: [String])
  /// A shard lacks a tensor that the index looks for there; `foundIn` is a shard that has it.
  case tensorAbsent(path: String, tensor: String, shard: String, foundIn: String?)
  /// A shard holds a tensor that the index does not list.
  case tensorUnlisted(path: String, tensor: String, shard: String)
  /// Two shards hold a tensor of the same name.
  case tensorInTwoShards(path: String, tensor: String, shards: [String])
}

/// Formats of weights that are recognized only to be refused.
public enum UnsupportedFormat: String, Equatable, Sendable {
  case gguf
  case pickle
  case adapter
  case onnx
  case tensorFlow
  case numpy
}
