import ByteIO
import Diagnostics
import DogeModel
import Foundation
import Kernels
import NumPyFormat
import Parallel
import TensorCore
import TestSupport
import Testing
import Verification

/// Golden files of every format, type and shape.
@Suite struct GoldenFormatTests {
  private static let sequences = [[7, 8, 9], [100, 4, 0]]
  private static let ragged = [[7, 8, 9, 1], [100], [4, 0]]

  private let folder: TemporaryFolder
  private let model: DogeModel
  private let compute: Compute

  init() throws {
    folder = try TemporaryFolder()
    model = try VerificationTests.model("cases/odd-shapes")
    compute = try Compute(threads: 2)
  }

  private func compare(
    _ path: String, tokens: [[Int]]? = nil, stepwise: Bool = false
  ) throws -> GoldenComparison {
    try Golden(path: path, tokens: tokens).compare(
      model, stepwise: stepwise, routing: .hf, compute: compute)
  }

  private func expectSame(_ comparison: GoldenComparison, tokens: Int) {
    #expect(comparison.statistics.tokens == tokens)
    #expect(comparison.statistics.maxAbsDifference == 0 && comparison.statistics.kld.max == 0)
    #expect(comparison.hidden.count == model.config.layerCount + 1)
    #expect(comparison.hidden.allSatisfy { $0.maxAbsDifference == 0 })
  }

  /// What `logits` writes of several sequences is what the model gives for each; as one sequence
  /// it is something else.
  @Test func sequencesRunApart() throws {
    let file = try LogitsFile(model: model, sequences: Self.ragged, hidden: true)
    let memory = try MemoryBuffer(count: file.fileSize)
    try file.write(
      to: memory, stepwise: false, routing: .hf, compute: compute, progress: NoProgress())
    let path = try folder.write("logits.safetensors", memory.bytes(0..<memory.count))
    #expect(try Golden(path: path).sequences.map(\.inputIDs) == Self.ragged)
    expectSame(try compare(path), tokens: 7)

    var joined = try SampleGolden(model, Self.ragged)
    joined.tensors["sequence_lengths"] = nil
    let one = try joined.write(.safetensors, to: folder)
    #expect(try Golden(path: one).sequences.map(\.inputIDs) == [Self.ragged.flatMap { $0 }])
    #expect(try compare(one).statistics.kld.mean.value > 0.01)
  }

  @Test(arguments: SampleGolden.Format.allCases)
  func shapes(_ format: SampleGolden.Format) throws {
    let ragged = try SampleGolden(model, Self.ragged)
    expectSame(try compare(ragged.write(format, to: folder)), tokens: 7)
    let equal = try SampleGolden(model, Self.sequences)
    expectSame(try compare(equal.write(format, to: folder)), tokens: 6)
    let rows = equal.shaped([2, 3])
    expectSame(try compare(rows.write(format, to: folder)), tokens: 6)
    let one = try SampleGolden(model, [[5, 6]])
    for axes in [[2], [1, 2]] {
      expectSame(try compare(one.shaped(axes).write(format, to: folder)), tokens: 2)
    }
    // The axes of one tensor need not be those of another.
    var mixed = one.shaped([2])
    mixed.tensors["input_ids"]?.shape = [1, 2]
    expectSame(try compare(mixed.write(format, to: folder)), tokens: 2)
  }

  static let types: [(ElementType, unit: Double)] = [
    (.f32, 0x1p-24), (.f64, 0x1p-24), (.f16, 0x1p-11), (.bf16, 0x1p-8),
  ]

  @Test(arguments: types, [ElementType.i32, .i64])
  func eachType(_ type: (ElementType, unit: Double), ids: ElementType) throws {
    let sample = try SampleGolden(model, Self.ragged).typed(type.0, ids)
    for format in SampleGolden.Format.allCases where type.0 != .bf16 || format == .safetensors {
      let golden = try Golden(path: sample.write(format, to: folder))
      #expect(golden.roundingUnit == type.unit && golden.hiddenRoundingUnit == type.unit)
      for (sequence, ids) in zip(golden.sequences, Self.ragged) {
        #expect(sequence.inputIDs == ids)
        let trace = try LogitTrace(
          model, tokens: ids, stepwise: false, routing: .hf, hidden: true)
        let unit = [.f32, .f64].contains(type.0) ? 0 : type.unit
        func expectRounded(_ found: FloatMatrix?, _ right: FloatMatrix) {
          for (a, b) in zip(found?.values ?? [], right.values) {
            for (a, b) in zip(a, b) { #expect(abs(a - b) <= Float(unit) * abs(b) + 0x1p-24) }
          }
          #expect(found?.rows == right.rows)
        }
        let config = model.config
        expectRounded(try sequence.logits(config, compute: compute), trace.logits)
        expectRounded(try sequence.stepwiseLogits(config, compute: compute), trace.logits)
        expectRounded(
          try sequence.hidden(.embedding, config, compute: compute), trace.hidden[0])
        for layer in 0..<config.layerCount {
          expectRounded(
            try sequence.hidden(.attention(layer: layer), config, compute: compute),
            trace.hiddenAttention[layer])
          expectRounded(
            try sequence.hidden(.feedForward(layer: layer), config, compute: compute),
            trace.hidden[layer + 1])
        }
      }
    }
  }

  /// The tensors that formats/golden.md lists are those of these tests.
  @Test func theSpecificationListsThem() throws {
    let text = try String(
      contentsOf: Fixtures.repository.appending(path: "formats/golden.md"), encoding: .utf8)
    let listed = text.matches(of: /\n\| `(\w+)` \|/).map { String($0.1) }
    #expect(try listed.sorted() == SampleGolden(model, [[1]]).tensors.keys.sorted())
  }

  @Test func somePositions() throws {
    let path = try SampleGolden(model, Self.ragged).write(.stored, to: folder)
    let sequence = try Golden(path: path).sequences[0]
    let whole = try sequence.logits(model.config, compute: compute)
    let some = try sequence.logits(model.config, 1..<3, compute: compute)
    #expect(some.values == Array(whole.values[1..<3]))
  }

  /// Tensors that are not there are nil; the logits are needed.
  @Test func withoutHiddenStates() throws {
    var sample = try SampleGolden(model, Self.ragged)
    for name in ["hidden", "hidden_attention", "logits_stepwise"] { sample.tensors[name] = nil }
    let golden = try Golden(path: sample.write(.deflated, to: folder))
    #expect(!golden.hasHidden && !golden.hasHiddenAttention && !golden.hasStepwiseLogits)
    #expect(golden.hiddenRoundingUnit == 0)
    let sequence = golden.sequences[1]
    #expect(try sequence.hidden(.embedding, model.config, compute: compute) == nil)
    #expect(try sequence.hidden(.attention(layer: 0), model.config, compute: compute) == nil)
    #expect(try sequence.stepwiseLogits(model.config, compute: compute) == nil)
  }

  /// A lone array needs tokens, and no other file takes any.
  @Test func aLoneArray() throws {
    let sample = try SampleGolden(model, Self.ragged)
    let logits = try #require(sample.tensors["logits"])
    let path = try folder.write("logits.npy", logits.npy)
    let found = try compare(path, tokens: Self.ragged).statistics
    #expect(found.tokens == 7 && found.maxAbsDifference == 0)
    #expect(throws: VerificationError.goldenTokens(path: path, areNeeded: true)) {
      try Golden(path: path)
    }
    #expect(throws: VerificationError.self) { try compare(path, tokens: [[1, 2]]) }
    for format in SampleGolden.Format.allCases {
      let path = try sample.write(format, to: folder)
      let error = VerificationError.goldenTokens(path: path, areNeeded: false)
      #expect(throws: error) { try Golden(path: path, tokens: Self.ragged) }
      #expect(error.diagnostic.kind == .usage)
    }
  }

  @Test(arguments: [[4, 1, 2], [1, 6], [7]], [[4, 1, 1], [7, 0], [-1, 8], [8], []])
  func lengths(_ sound: [Int], _ bad: [Int]) throws {
    var sample = try SampleGolden(model, Self.ragged)
    for (lengths, isSound) in [(sound, true), (bad, false)] {
      sample.tensors["sequence_lengths"] = .init(
        shape: [lengths.count], values: lengths.map(Double.init), type: .i32)
      let path = try sample.write(.safetensors, to: folder)
      if isSound {
        #expect(try Golden(path: path).sequences.map(\.inputIDs.count) == lengths)
      } else {
        let error = try #require(throws: VerificationError.self) { try Golden(path: path) }
        #expect(error.diagnostic.tensor == "sequence_lengths" && error.diagnostic.kind == .badData)
      }
    }
  }

  /// One value that is none, of any tensor and type, is found where it is.
  @Test(
    arguments: ["logits", "logits_stepwise", "hidden", "hidden_attention"],
    [(ElementType.f32, Double.nan), (.f16, .infinity), (.f64, 1e300), (.f64, -.infinity)])
  func notFinite(_ name: String, _ value: (ElementType, Double)) throws {
    var sample = try SampleGolden(model, Self.ragged).typed(value.0)
    let tensor = try #require(sample.tensors[name])
    // The last state's second position of the third sequence: the last row of all.
    sample.tensors[name]?.values[tensor.values.count - 3] = value.1
    for format in SampleGolden.Format.allCases {
      let path = try sample.write(format, to: folder)
      let what = [
        "logits": "logits", "logits_stepwise": "stepwise logits",
        "hidden": "hidden states (layers.1.feed_forward)",
        "hidden_attention": "hidden states (layers.1.attention)",
      ]
      let expected = VerificationError.notFinite(
        path: path, what: try #require(what[name]), sequence: 2, position: 1)
      #expect(expected.diagnostic.kind == .badData)
      // Whether the tensor is what is compared or not.
      for stepwise in [false, true] {
        #expect(throws: expected) { try compare(path, stepwise: stepwise) }
      }
    }
  }

  /// A damaged archive is refused when what is damaged is read.
  @Test func damage() throws {
    let sample = try SampleGolden(model, [[1, 2]])
    let path = try sample.write(.stored, to: folder)
    var bytes = try folder.read("golden.npz")
    let logits = try #require(sample.tensors["logits"]).bytes
    let place = try #require(
      bytes.indices.first { bytes[$0...].starts(with: logits) && bytes[$0] == logits[0] })
    bytes[place] ^= 1
    try folder.write("golden.npz", bytes)
    let error = try #require(throws: NumPyError.self) { try compare(path) }
    #expect(error.diagnostic.code == "numpy.checksum" && error.diagnostic.tensor == "logits")
  }
}
