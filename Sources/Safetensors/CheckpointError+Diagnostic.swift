import ByteIO
import Diagnostics
import JSONCore

extension CheckpointError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .file(let error):
      error.diagnostic
    case .safetensors(let error):
      error.diagnostic
    case .notFolder(let path):
      Diagnostic(
        .missingInput, code: "checkpoint.not-folder",
        "'\(escaped(path))' is a file; a checkpoint is a folder with config.json and its weights",
        path: path, hint: "give the folder that holds the file")
    case .configMissing(let folder):
      Diagnostic(
        .missingInput, code: "checkpoint.config-missing",
        "there is no config.json in '\(escaped(folder))'", path: folder,
        hint: "download the whole repository, or check that this is the checkpoint's folder")
    case .weightsMissing(let folder, let found):
      Diagnostic(
        .missingInput, code: "checkpoint.weights-missing",
        "there is neither model.safetensors nor model.safetensors.index.json in "
          + "'\(escaped(folder))'; found \(listed(found))",
        path: folder, hint: "download the whole repository")
    case .indexMissing(let folder, let shards):
      Diagnostic(
        .missingInput, code: "checkpoint.index-missing",
        "'\(escaped(folder))' holds the shards \(listed(shards)), but no "
          + "model.safetensors.index.json that lists them",
        path: folder, hint: "download the index too")
    case .unsupported(let path, let format):
      Diagnostic(
        .unsupported, code: "checkpoint.unsupported-\(format.rawValue.lowercased())",
        "'\(escaped(path))' \(format.description)", path: path, hint: format.hint)
    case .snapshotMissing(let folder):
      Diagnostic(
        .missingInput, code: "checkpoint.snapshot-missing",
        "the cache folder '\(escaped(folder))' holds no snapshot", path: folder,
        hint: "download the repository again")
    case .snapshotAbsent(let folder, let commit):
      Diagnostic(
        .missingInput, code: "checkpoint.snapshot-absent",
        "refs/main of the cache folder '\(escaped(folder))' names the snapshot "
          + "'\(escaped(commit))', which is not there",
        path: folder, hint: "download the repository again, or give a folder under snapshots/")
    case .snapshotAmbiguous(let folder, let snapshots):
      Diagnostic(
        .missingInput, code: "checkpoint.snapshot-ambiguous",
        "the cache folder '\(escaped(folder))' has no refs/main and several snapshots: "
          + listed(snapshots),
        path: folder, hint: "give one of the folders under snapshots/")

    case .indexNotJSON(let path, let error):
      index("not-json", "the index is not valid JSON: \(error.summary)", path)
    case .indexWithoutMap(let path, nil):
      index("without-map", "the index has no 'weight_map'", path)
    case .indexWithoutMap(let path, let found?):
      index("without-map", "'weight_map' of the index must be an object, found \(found)", path)
    case .indexEmpty(let path):
      index("empty", "'weight_map' of the index lists no tensor", path)
    case .indexEntryNotString(let path, let tensor, let found):
      index(
        "entry-not-string",
        "'weight_map' must give a file name for '\(escaped(tensor))', found \(found)", path,
        tensor: tensor)
    case .indexNotPlainName(let path, let tensor, let shard):
      index(
        "not-plain-name",
        "'weight_map' gives '\(escaped(shard))' for '\(escaped(tensor))'; expected the plain name "
          + "of a file in the same folder", path, tensor: tensor)
    case .shardsMissing(let path, let shards):
      Diagnostic(
        .missingInput, code: "checkpoint.shard-missing",
        "the index lists files that are not there: \(listed(shards))", path: path,
        hint: "download the missing files into the same folder")
    case .tensorAbsent(let path, let tensor, let shard, let foundIn):
      index(
        "tensor-absent",
        "the index says that '\(escaped(tensor))' is in \(escaped(shard)), which lacks it"
          + (foundIn.map { "; \(escaped($0)) has it" } ?? ""), path, tensor: tensor)
    case .tensorUnlisted(let path, let tensor, let shard):
      index(
        "tensor-unlisted",
        "\(escaped(shard)) holds '\(escaped(tensor))', which the index does not list", path,
        tensor: tensor)
    case .tensorInTwoShards(let path, let tensor, let shards):
      index(
        "tensor-in-two-shards",
        "'\(escaped(tensor))' is in more than one file: \(listed(shards))", path, tensor: tensor)
    }
  }

  private func index(
    _ code: String, _ message: String, _ path: String, tensor: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      .badData, code: "checkpoint.index-\(code)", message, path: path, tensor: tensor,
      hint: "the index and its files do not belong together; download the checkpoint again")
  }
}

/// At most eight names, and how many more there are.
private func listed(_ names: [String]) -> String {
  guard !names.isEmpty else { return "nothing" }
  let shown = names.prefix(8).map { escaped($0) }.joined(separator: ", ")
  return names.count > 8 ? shown + " and \(names.count - 8) more" : shown
}

extension UnsupportedFormat {
  /// What the file is, as the rest of a sentence.
  fileprivate var description: String {
    switch self {
    case .gguf: "is a GGUF file, whose weights are not read"
    case .pickle: "is a pickled PyTorch file, which can run code when it is read; it is not read"
    case .adapter: "holds an adapter (LoRA), which is no model by itself"
    case .onnx: "is an ONNX graph, which is not read"
    case .tensorFlow: "is a TensorFlow or Flax file, which is not read"
    case .numpy: "is NumPy's, whose arrays are not read as weights"
    }
  }

  fileprivate var hint: String {
    switch self {
    case .gguf: "convert from the original checkpoint, in safetensors"
    case .adapter: "merge the adapter into its base model (merge_and_unload), and save that"
    case .pickle, .onnx, .tensorFlow, .numpy:
      "load the model with transformers and save it with save_pretrained(safe_serialization=True)"
    }
  }
}
