import ByteIO
import Diagnostics
import Foundation
import Safetensors
import TestSupport
import Testing

@Suite struct CheckpointFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func opensASingleFile() throws {
    try folder.write("config.json", #"{"a":1}"#)
    try folder.write("model.safetensors", vectors(["x", "y"]))
    for name in ["tokenizer.json", "README.md", "generation_config.json", "training_args.bin"] {
      try folder.write(name, "content")
    }
    let checkpoint = try CheckpointFolder(path: folder.path)
    #expect(checkpoint.configBytes == Array(#"{"a":1}"#.utf8))
    #expect(checkpoint.tensors.map(\.name) == ["x", "y"])
    #expect(checkpoint.files.count == 1)
    #expect(checkpoint.commit == nil)
    #expect(checkpoint.warnings == [])
    #expect(
      checkpoint.sideFiles.map(\.name) == ["generation_config.json", "tokenizer.json", "README.md"])
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
      let identity = try #require(FileSystem.identity(folder.path(name)))
      #expect(checkpoint.identities.contains(identity))
    }
  }

  @Test(
    arguments: [
      ("model.gguf", "checkpoint.unsupported-gguf"),
      ("pytorch_model.bin", "checkpoint.unsupported-pickle"),
      ("pytorch_model-00001-of-00002.bin", "checkpoint.unsupported-pickle"),
      ("consolidated.00.pth", "checkpoint.unsupported-pickle"),
      ("weights.pt", "checkpoint.unsupported-pickle"),
      ("adapter_model.safetensors", "checkpoint.unsupported-adapter"),
      ("model.onnx", "checkpoint.unsupported-onnx"),
      ("tf_model.h5", "checkpoint.unsupported-tensorflow"),
      ("flax_model.msgpack", "checkpoint.unsupported-tensorflow"),
      ("weights.npz", "checkpoint.unsupported-numpy"),
    ])
  func saysWhatOtherFormatsAre(name: String, code: String) throws {
    try folder.write(name, "content")
    for path in [folder.path, folder.path(name)] where !name.hasSuffix(".safetensors") {
      let diagnostic = try failure(path)
      #expect(diagnostic.code == code)
      #expect(diagnostic.kind == .unsupported)
      #expect(diagnostic.hint != nil)
      #expect(diagnostic.path == folder.path(name))
    }
    try folder.write("config.json", "{}")
    #expect(try failure(folder.path).code == code)
    // Beside weights that are read, other files do not matter.
    try folder.write("model.safetensors", vectors(["x"]))
    _ = try CheckpointFolder(path: folder.path)
  }

  @Test func namesWhatIsMissing() throws {
    #expect(try failure(folder.path("missing")).code == "file.not-found")
    #expect(try failure(folder.path).code == "checkpoint.config-missing")
    try folder.write("config.json", "{}")
    let noWeights = try failure(folder.path)
    #expect(noWeights.code == "checkpoint.weights-missing")
    #expect(noWeights.kind == .missingInput)
    #expect(noWeights.message.contains("found config.json"))
    try folder.write("model-00001-of-00002.safetensors", vectors(["x"]))
    let noIndex = try failure(folder.path)
    #expect(noIndex.code == "checkpoint.index-missing")
    #expect(noIndex.message.contains("model-00001-of-00002.safetensors"))
    #expect(try failure(folder.path("config.json")).code == "checkpoint.not-folder")
  }

  @Test func passesDamageOn() throws {
    try folder.write("config.json", "{}")
    try folder.write("model.safetensors", [])
    let diagnostic = try failure(folder.path)
    #expect(diagnostic.code == "safetensors.file-too-small")
    #expect(diagnostic.path == folder.path("model.safetensors"))
  }

  // MARK: The hub's cache

  /// A cache folder whose snapshots hold links to blobs, as huggingface_hub lays it out.
  private func cache(commits: [String]) throws -> String {
    let root = "models--org--doge/"
    try folder.write(root + "blobs/config", "{}")
    try folder.write(root + "blobs/weights", vectors(["x"]))
    for commit in commits {
      let snapshot = folder.path(root + "snapshots/" + commit)
      try FileManager.default.createDirectory(
        atPath: snapshot, withIntermediateDirectories: true)
      #expect(symlink("../../blobs/config", snapshot + "/config.json") == 0)
      #expect(symlink("../../blobs/weights", snapshot + "/model.safetensors") == 0)
    }
    return folder.path("models--org--doge")
  }

  @Test func followsTheMainReference() throws {
    let cache = try cache(commits: ["aaa", "bbb"])
    try folder.write("models--org--doge/refs/main", "bbb\n")
    let checkpoint = try CheckpointFolder(path: cache)
    #expect(checkpoint.path == cache + "/snapshots/bbb")
    #expect(checkpoint.commit == "bbb")
    #expect(checkpoint.tensors.map(\.name) == ["x"])
    let blob = try #require(FileSystem.identity(cache + "/blobs/weights"))
    #expect(checkpoint.identities.contains(blob))
  }

  @Test func takesTheOnlySnapshot() throws {
    let cache = try cache(commits: ["aaa"])
    #expect(try CheckpointFolder(path: cache).commit == "aaa")
    #expect(try CheckpointFolder(path: cache + "/snapshots/aaa").commit == "aaa")
    #expect(try CheckpointFolder(path: cache + "/snapshots/aaa/").commit == "aaa")
  }

  @Test func doesNotGuessBetweenSnapshots() throws {
    let cache = try cache(commits: ["aaa", "bbb"])
    let ambiguous = try failure(cache)
    #expect(ambiguous.code == "checkpoint.snapshot-ambiguous")
    #expect(ambiguous.message.contains("aaa, bbb"))
    for reference in ["ccc", "../aaa", "", ".."] {
      try folder.write("models--org--doge/refs/main", reference)
      #expect(try failure(cache).code == "checkpoint.snapshot-absent")
    }
  }

  @Test func saysThatACacheIsEmpty() throws {
    let snapshots = folder.path("models--a--b/snapshots")
    try FileManager.default.createDirectory(atPath: snapshots, withIntermediateDirectories: true)
    #expect(try failure(folder.path("models--a--b")).code == "checkpoint.snapshot-missing")
  }

  private func failure(_ path: String) throws -> Diagnostic {
    try #require(throws: CheckpointError.self) { try CheckpointFolder(path: path) }.diagnostic
  }
}
