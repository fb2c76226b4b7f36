import ByteIO
import Diagnostics
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore
import TestSupport
import Testing

/// Files of the right format that hold no model.
@Suite struct FileErrorTests {
  typealias Tensors = [(name: String, shape: [Int], geometry: TensorGeometry)]
  typealias Blobs = [(name: String, bytes: [UInt8])]

  let original: KibbleFile

  init() throws {
    original = try model(Fixtures.folder("reference/e6-gqa-tied-bf16"), type: "f32").stored.file
  }

  @Test func theOriginalIsFine() throws {
    try open { _, _ in }
  }

  @Test func noConfig() throws {
    #expect(throws: KibbleFormatError.missingBlob(path: "x.kibble", name: "config.json")) {
      try open { _, blobs in blobs.removeAll { $0.name == "config.json" } }
    }
  }

  @Test(arguments: [
    ("{}", "missing"), (#"{"layout": "spiral"}"#, #""spiral""#), (#"{"layout": 3}"#, "3"),
  ])
  func noLayout(_ metadata: String, _ found: String) throws {
    let expected = ModelFileError.metadata(
      path: "x.kibble", field: "layout", found: found,
      expected: "a layout that this version knows")
    #expect(throws: expected) {
      try open { _, blobs in
        blobs = blobs.map { $0.name == "kibble.json" ? ($0.name, Array(metadata.utf8)) : $0 }
      }
    }
  }

  @Test func aTensorIsMissing() throws {
    let name = "model.layers.1.self_attn.q_proj.weight"
    let count = original.tensors.count
    #expect(throws: wrongCount(expected: count, found: count - 1)) {
      try open { tensors, _ in tensors.removeAll { $0.name == name } }
    }
  }

  @Test func aTensorTooMany() throws {
    let name = "model.layers.9.input_residual"
    let count = original.tensors.count
    #expect(throws: wrongCount(expected: count, found: count + 1)) {
      try open { tensors, _ in
        tensors.append((name, tensors[1].shape, tensors[1].geometry))
      }
    }
  }

  @Test func aTensorOfAnotherShape() throws {
    let name = "model.norm.weight"
    let shape = try #require(original.tensor(named: name)).shape
    #expect(throws: wrongTensor(name, shape)) {
      try replace(name, shape: [shape[0] + 1], arrangement: .rows)
    }
  }

  @Test(arguments: [
    ("model.layers.0.self_attn.k_proj.weight", Arrangement.rows),
    ("model.layers.0.self_attn.dt_proj.weight", Arrangement.tiles),
  ])
  func aTensorThatLiesOtherwise(_ name: String, _ arrangement: Arrangement) throws {
    let shape = try #require(original.tensor(named: name)).shape
    #expect(throws: wrongTensor(name, shape)) {
      try replace(name, shape: shape, arrangement: arrangement)
    }
  }

  @Test func messagesNameWhatIsWrong() {
    let errors: [ModelFileError] = [
      .metadata(path: "p", field: "f\u{1B}", found: "g\u{1B}", expected: "e"),
      .storedTensors(path: "p", expected: 1, found: 2),
      .storedTensor(path: "p", tensor: "t\u{1B}", expected: "e", shape: [1]),
    ]
    for error in errors {
      let diagnostic = error.diagnostic
      #expect(diagnostic.kind == .badData && diagnostic.path == "p" && diagnostic.hint != nil)
      #expect(!diagnostic.message.contains("\u{1B}"))
    }
    let token = ModelError.tokenOutOfRange(token: 70, position: 4, vocabulary: 64).diagnostic
    #expect(token.message.contains("70") && token.message.contains("63"))
  }

  /// Opens the file with other tensors and blobs; all weights are zeros.
  private func open(_ change: (inout Tensors, inout Blobs) throws -> Void) throws {
    var tensors = original.tensors.map { (name: $0.name, shape: $0.shape, geometry: $0.geometry) }
    var blobs = try original.blobs.map {
      (name: $0.name, bytes: try original.checkedBytes(of: $0))
    }
    try change(&tensors, &blobs)
    let plan = KibblePlan(
      tensors: tensors,
      blobs: blobs.map { BlobContent(name: $0.name, bytes: $0.bytes, compressed: false) })
    let memory = try MemoryBuffer(count: plan.fileLength)
    try plan.writeFrame(to: memory)
    _ = try StoredModel(file: KibbleFile(region: memory, path: "x.kibble"))
  }

  private func wrongCount(expected: Int, found: Int) -> ModelFileError {
    .storedTensors(path: "x.kibble", expected: expected, found: found)
  }

  private func wrongTensor(_ name: String, _ shape: [Int]) -> ModelFileError {
    .storedTensor(path: "x.kibble", tensor: name, expected: name, shape: shape)
  }

  private func replace(_ name: String, shape: [Int], arrangement: Arrangement) throws {
    let geometry = try #require(
      TensorGeometry(type: .f32, arrangement: arrangement, shape: shape, groupSize: 0))
    try open { tensors, _ in
      tensors = tensors.map { $0.name == name ? (name, shape, geometry) : $0 }
    }
  }
}
