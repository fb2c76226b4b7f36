import ByteIO
import Diagnostics
import DogeModel
import Kernels
import Parallel
import Safetensors
import TensorCore
import TestSupport
import Testing
import Verification

@Suite struct GoldenTests {
  static let fixture = "reference/e6-moe"
  typealias Tensor = SafetensorsWriter.Tensor

  private func compare(
    _ golden: String, _ model: DogeModel, stepwise: Bool = false
  ) throws -> GoldenComparison {
    try Golden(path: golden).compare(
      model, stepwise: stepwise, routing: .hf, compute: Compute(threads: 1))
  }

  @Test func theReferenceSuite() throws {
    let model = try model(Self.fixture)
    let path = Fixtures.folder(Self.fixture) + "/golden.safetensors"
    let whole = try compare(path, model)
    #expect(whole.statistics.maxAbsDifference <= 2e-4 && whole.statistics.maxAbsDifference > 0)
    #expect(whole.hidden.map(\.name) == ["embedding", "layers.0", "layers.1"])
    #expect(whole.hidden.allSatisfy { $0.maxAbsDifference <= 2e-4 })
    #expect(whole.statistics.perplexity != nil)
    // Stepwise logits are others for experts, so hidden states are not compared.
    let stepwise = try compare(path, model, stepwise: true)
    #expect(stepwise.statistics.maxAbsDifference <= 2e-4 && stepwise.hidden.isEmpty)
  }

  @Test func stepwiseFallsBackToLogits() throws {
    let name = "reference/e6-gqa-tied-bf16"
    let found = try compare(
      Fixtures.folder(name) + "/golden.safetensors", try model(name), stepwise: true)
    #expect(found.statistics.maxAbsDifference <= 2e-4 && !found.hidden.isEmpty)
  }

  /// One value that is none, in either tensor of the file.
  @Test(arguments: ["hidden", "logits"])
  func whatIsNoNumberIsRefused(tensor: String) throws {
    let model = try model("cases/odd-shapes")
    let (v, d, n) = (model.config.vocabularySize, model.config.hiddenSize, model.config.layerCount)
    let folder = try TemporaryFolder()
    let nan: [UInt8] = [0, 0, 0xC0, 0x7F]
    let path = try write(
      [
        (Tensor(name: "hidden", type: .f32, shape: [n + 1, 1, d]), tensor == "hidden" ? nan : []),
        (Tensor(name: "input_ids", type: .i64, shape: [1]), []),
        (Tensor(name: "logits", type: .f32, shape: [1, v]), tensor == "logits" ? nan : []),
      ], to: folder)
    let what = tensor == "hidden" ? "hidden states (embedding)" : "logits"
    #expect(
      throws: VerificationError.notFinite(path: path, what: what, sequence: 0, position: 0)
    ) { try compare(path, model) }
  }

  static let bad: [(tensors: [Tensor], named: String, found: String)] = [
    ([], "input_ids", "missing"),
    ([Tensor(name: "input_ids", type: .u32, shape: [2])], "input_ids", "U32 [2]"),
    ([Tensor(name: "input_ids", type: .f32, shape: [1, 2])], "input_ids", "F32 [1, 2]"),
    ([Tensor(name: "input_ids", type: .i32, shape: [1, 1, 2])], "input_ids", "I32 [1, 1, 2]"),
    ([Tensor(name: "input_ids", type: .i64, shape: [])], "input_ids", "I64 []"),
    ([Tensor(name: "input_ids", type: .i64, shape: [0])], "input_ids", "I64 [0]"),
    ([Tensor(name: "input_ids", type: .i64, shape: [0, 4])], "input_ids", "I64 [0, 4]"),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "sequence_lengths", type: .i64, shape: [1, 1]),
      ], "sequence_lengths", "I64 [1, 1]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "sequence_lengths", type: .f32, shape: [1]),
      ], "sequence_lengths", "F32 [1]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2, 1]),
        Tensor(name: "sequence_lengths", type: .i64, shape: [2]),
      ], "input_ids", "I64 [2, 1]"
    ),
    ([Tensor(name: "input_ids", type: .i64, shape: [2])], "logits", "missing"),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .i64, shape: [2, 101]),
      ], "logits", "I64 [2, 101]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [2, 1, 101]),
      ], "logits", "F32 [2, 1, 101]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i32, shape: [2, 3]),
        Tensor(name: "logits", type: .f32, shape: [3, 2, 101]),
      ], "logits", "F32 [3, 2, 101]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [2, 100]),
      ], "logits", "F32 [2, 100]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [3, 101]),
      ], "logits", "F32 [3, 101]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [2, 101]),
        Tensor(name: "hidden", type: .f32, shape: [2, 2, 42]),
      ], "hidden", "F32 [2, 2, 42]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [2, 101]),
        Tensor(name: "hidden_attention", type: .f32, shape: [9, 2, 42]),
      ], "hidden_attention", "F32 [9, 2, 42]"
    ),
    (
      [
        Tensor(name: "input_ids", type: .i64, shape: [2]),
        Tensor(name: "logits", type: .f32, shape: [2, 101]),
        Tensor(name: "logits_stepwise", type: .f32, shape: [1, 101]),
      ], "logits_stepwise", "F32 [1, 101]"
    ),
  ]

  @Test(arguments: bad.indices) func badFiles(_ index: Int) throws {
    let model = try model("cases/odd-shapes")
    try #require(model.config.vocabularySize == 101 && model.config.layerCount != 1)
    let folder = try TemporaryFolder()
    let path = try write(Self.bad[index].tensors.map { ($0, []) }, to: folder)
    do {
      _ = try compare(path, model)
      Issue.record("no error")
    } catch let error as VerificationError {
      guard case .badGolden(path, Self.bad[index].named, _, Self.bad[index].found) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(error.diagnostic.tensor == Self.bad[index].named && error.diagnostic.path == path)
    }
  }

  @Test(arguments: [[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [101, 0, 0, 0, 0, 0, 0, 0]])
  func tokensOutsideTheVocabulary(_ token: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let path = try write(
      [
        (Tensor(name: "input_ids", type: .i64, shape: [1]), token),
        (Tensor(name: "logits", type: .f32, shape: [1, 101]), []),
      ], to: folder)
    let model = try model("cases/odd-shapes")
    #expect(throws: ModelError.self) { _ = try compare(path, model) }
  }

  /// Writes tensors that begin with some bytes and are 0 otherwise.
  private func write(_ tensors: [(Tensor, [UInt8])], to folder: TemporaryFolder) throws -> String {
    let writer = try SafetensorsWriter(tensors: tensors.map(\.0))
    let memory = try MemoryBuffer(count: writer.fileSize)
    try writer.writeHeader(to: memory)
    for (range, tensor) in zip(writer.byteRanges, tensors) {
      try memory.write(tensor.1, at: range.lowerBound)
    }
    return try folder.write("golden.safetensors", memory.bytes(0..<memory.count))
  }
}
