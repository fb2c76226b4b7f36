import Conversion
import Diagnostics
import JSONCore
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing

/// Opening models.
@Suite struct ModelSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func error(opening path: String) throws -> Diagnostic {
    try diagnostic { _ = try ModelSource.open(path: path) }
  }

  /// Files of other kinds are named.
  @Test(arguments: [
    ("model.gguf", "GGUF\u{3}\u{0}\u{0}\u{0}", Diagnostic.Kind.unsupported),
    ("renamed", "GGUF\u{3}\u{0}\u{0}\u{0}", .unsupported),
    ("pytorch_model.bin", "PK\u{3}\u{4}", .unsupported),
    ("model.safetensors", "\u{8}\u{0}\u{0}\u{0}", .missingInput),
    ("empty", "", .missingInput),
    ("a.kibble", "something else", .badData),
    ("empty.kibble", "", .badData),
  ])
  func files(name: String, text: String, kind: Diagnostic.Kind) throws {
    let path = try folder.write(name, text)
    let error = try error(opening: path)
    #expect(error.kind == kind)
    #expect(error.path == path)
  }

  /// What is not there is said to be missing.
  @Test func missing() throws {
    #expect(try error(opening: folder.path("nothing")).kind == .missingInput)
  }

  /// Errors of config and layout name the file.
  @Test func paths() throws {
    let path = try folder.copy(fixture: "cases/odd-shapes")
    let config = path + "/config.json"
    let text = String(decoding: try fileBytes(config), as: UTF8.self)

    try folder.write("checkpoint/config.json", "hidden_size: 16")
    #expect(try error(opening: path).path == config)
    try folder.write("checkpoint/config.json", "[]")
    #expect(try error(opening: path).path == config)
    try folder.write(
      "checkpoint/config.json", text.replacing("\"vocab_size\": 101", with: "\"vocab_size\": 102"))
    let layout = try error(opening: path)
    #expect(layout.path == path)
    #expect(layout.tensor == "model.embed_tokens.weight")
  }

  /// A file whose metadata were tampered with is refused.
  @Test(
    arguments: [
      ("layout", JSON.null), ("layout", ["name": "current"]), ("sources", "none"), ("tensors", []),
      ("tensors", [["name": "x", "source_type": "F32"]]),
    ] as [(String, JSON)])
  func metadata(key: String, value: JSON) throws {
    try expectRefusal(code: "conversion.metadata") { metadata, _ in metadata[key] = value }
  }

  /// A file whose tensors are not those of its config is refused.
  @Test func tensors() throws {
    try expectRefusal(code: "conversion.wrong-tensor") { _, tensors in tensors.swapAt(1, 2) }
    try expectRefusal(code: "conversion.tensor-count") { _, tensors in tensors.removeLast() }
    try expectRefusal(code: "conversion.wrong-tensor") { _, tensors in
      let q = try #require(tensors.firstIndex { $0.name.hasSuffix("q_proj.weight") })
      tensors[q].geometry = try #require(
        TensorGeometry(
          type: .f32, arrangement: .rows, shape: tensors[q].shape, groupSize: 0))
    }
  }

  /// Writes a well-formed file whose metadata or tensors are changed, and opens it.
  private func expectRefusal(
    code: String,
    _ change: (
      inout JSONObject, inout [(name: String, shape: [Int], geometry: TensorGeometry)]
    ) throws -> Void
  ) throws {
    let plan = try plan(Fixtures.folder("cases/odd-shapes"), recipe("source"))
    let file = try converter().load(plan).model.file
    var metadata = try #require(file.metadata.objectValue)
    var tensors = file.tensors.map { (name: $0.name, shape: $0.shape, geometry: $0.geometry) }
    try change(&metadata, &tensors)
    let blobs = try file.blobs.map { blob in
      let own = Array(JSON.object(metadata).serialized().utf8)
      return BlobContent(
        name: blob.name,
        bytes: blob.name == "kibble.json" ? own : try file.checkedBytes(of: blob),
        compressed: false)
    }
    let path = folder.path("tampered.kibble")
    try folder.write("tampered.kibble", KibblePlan(tensors: tensors, blobs: blobs).emptyFile())
    #expect(try error(opening: path).code == code)
  }
}
