import ByteIO
import Diagnostics
import DogeModel
import Kernels
import Parallel
import Safetensors
import TestSupport
import Testing
import Verification

@Suite struct VerifierTests {
  private func verifier(_ a: DogeModel, _ b: DogeModel...) throws -> Verifier {
    try Verifier(reference: a, candidates: b, compute: Compute(threads: 1))
  }

  @Test func aModelEqualsItself() throws {
    let model = try model("reference/e6-moe")
    let found = try verifier(model, model).compare([[1, 2, 3], [4], [5, 6]])[0]
    #expect(found.tokens == 6)
    #expect(found.maxAbsDifference == 0 && found.rmse.value == 0 && found.nmse.value == 0)
    #expect(found.kld.mean.value == 0 && found.kld.max == 0)
    #expect(found.overlap.top1.value == 1 && found.perplexity?.ratio.value == 1)
    #expect(found.deltaP?.rms.value == 0)
  }

  @Test func coarserTypesDifferMore() throws {
    let reference = try model("doge-nano")
    let sequences = TokenSequences.random(60, seed: 1, vocabulary: 2048)
    let found = try ["f32", "int8", "int6", "int5", "int4", "int3", "int2"].map {
      try verifier(reference, model("doge-nano", type: $0)).compare(sequences)[0]
    }
    #expect(found[0].maxAbsDifference == 0)
    let divergences = found.map(\.kld.mean.value)
    #expect(divergences == divergences.sorted() && Set(divergences).count == 7)
  }

  @Test func sequencesBeginWithEmptyCaches() throws {
    let (a, b) = (try model("doge-nano"), try model("doge-nano", type: "int4"))
    let apart = try [[1, 2], [3, 4, 5]].map { try verifier(a, b).compare([$0])[0] }
    let together = try verifier(a, b).compare([[1, 2], [3, 4, 5]])[0]
    #expect(together.maxAbsDifference == apart.map(\.maxAbsDifference).max())
    #expect(together.kld.max == apart.map(\.kld.max).max())
    // The last token of a sequence has no next one.
    #expect(try verifier(a, b).compare([[1], [2]])[0].perplexity == nil)
  }

  @Test func candidatesAreComparedAsIfAlone() throws {
    let reference = try model("doge-nano")
    let others = try ["int8", "int4", "f32"].map { try model("doge-nano", type: $0) }
    let sequences = [[1, 2, 3, 4], [5, 6]]
    let together = try verifier(reference, others[0], others[1], others[2]).compare(sequences)
    let alone = try others.map { try verifier(reference, $0).compare(sequences)[0] }
    #expect(together == alone)
    #expect(Set(together.map(\.kld.mean.value)).count == 3)
  }

  @Test func vocabulariesMustBeTheSame() throws {
    let (a, b) = (try model("doge-nano"), try model("cases/odd-shapes"))
    #expect(throws: VerificationError.vocabulariesDiffer(reference: 2048, candidate: 101)) {
      try verifier(a, b)
    }
  }

  @Test func progressCountsTokens() throws {
    let model = try model("reference/e6-moe")
    let counter = Counter()
    _ = try verifier(model, model).compare([[1, 2, 3], [4]], progress: counter)
    #expect(counter.total == 4 && counter.advanced == 4)
  }

  @Test func interruption() throws {
    let model = try model("reference/e6-moe")
    #expect(throws: (any Error).self) {
      _ = try verifier(model, model).compare([[1]], progress: Counter(isCancelled: true))
    }
  }
}

@Suite struct LogitTraceTests {
  @Test func stepwiseAndWhole() throws {
    let model = try model("reference/e6-gqa-tied-bf16")
    let whole = try LogitTrace(
      model, tokens: [3, 1, 4, 1, 5], stepwise: false, routing: .hf, hidden: true)
    let stepwise = try LogitTrace(
      model, tokens: [3, 1, 4, 1, 5], stepwise: true, routing: .hf, hidden: true)
    #expect(whole.logits.values == stepwise.logits.values)
    #expect(whole.hidden.map(\.values) == stepwise.hidden.map(\.values))
    #expect(whole.hidden.count == model.config.layerCount + 1)
    #expect(whole.hidden.allSatisfy { $0.rows == 5 && $0.columns == model.config.hiddenSize })
    #expect(whole.hiddenAttention.map(\.values) == stepwise.hiddenAttention.map(\.values))
    let bare = try LogitTrace(model, tokens: [3], stepwise: false, routing: .hf, hidden: false)
    #expect(bare.hidden.isEmpty && bare.logits.values == [whole.logits.row(0)])
  }

  /// The state after attention is what attention makes of the block's input, and becomes its output.
  @Test func attentionStandsBetween() throws {
    let model = try model("reference/e6-gqa-tied-bf16")
    let tokens = [3, 1, 4, 1, 5]
    let trace = try LogitTrace(model, tokens: tokens, stepwise: false, routing: .hf, hidden: true)
    #expect(trace.hiddenAttention.count == model.config.layerCount)
    let (cache, workspace) = (model.makeCache(maximum: tokens.count), Workspace())
    for (layer, attended) in trace.hiddenAttention.enumerated() {
      let x = FloatMatrix(trace.hidden[layer].values)
      try model.attend(x, layer: layer, cache: cache, workspace: workspace)
      #expect(x.values == attended.values && x.values != trace.hidden[layer].values)
      model.feed(x, layer: layer, workspace: workspace)
      #expect(x.values == trace.hidden[layer + 1].values)
    }
    let bare = try LogitTrace(model, tokens: tokens, stepwise: false, routing: .hf, hidden: false)
    #expect(bare.hiddenAttention.isEmpty)
  }

  @Test func nothing() throws {
    let model = try model("reference/e6-gqa-tied-bf16")
    let trace = try LogitTrace(model, tokens: [], stepwise: false, routing: .hf, hidden: true)
    #expect(trace.logits.rows == 0)
  }
}

@Suite struct LogitsFileTests {
  @Test(arguments: [false, true]) func contents(_ hidden: Bool) throws {
    let model = try model("cases/odd-shapes")
    let sequences = [[7, 8, 9], [100], [0, 1]]
    let file = try LogitsFile(model: model, sequences: sequences, hidden: hidden)
    #expect(file.tokenCount == 6)
    let memory = try MemoryBuffer(count: file.fileSize)
    try file.write(
      to: memory, stepwise: false, routing: .hf, compute: Compute(threads: 1),
      progress: NoProgress())
    let folder = try TemporaryFolder()
    let path = try folder.write("logits.safetensors", memory.bytes(0..<memory.count))
    let written = try SafetensorsFile(path: path)
    let (v, d, n) = (101, model.config.hiddenSize, model.config.layerCount + 1)
    let names =
      (hidden ? ["hidden", "hidden_attention"] : []) + ["input_ids", "logits", "sequence_lengths"]
    #expect(written.tensors.map(\.name) == names)
    #expect(written["logits"]?.shape == [6, v])
    #expect(written["hidden"]?.shape == (hidden ? [n, 6, d] : nil))
    #expect(written["hidden_attention"]?.shape == (hidden ? [n - 1, 6, d] : nil))
    let lengths = try #require(written["sequence_lengths"])
    #expect(lengths.type == .i64 && lengths.shape == [3])
    #expect(memory.bytes(lengths.byteRange) == [3, 1, 2].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] })

    let ids = try #require(written["input_ids"])
    let stored = memory.bytes(ids.byteRange)
    #expect(ids.type == .i64 && (0..<6).map { Int(stored[8 * $0]) } == sequences.flatMap { $0 })
    let traces = try sequences.map {
      try LogitTrace(model, tokens: $0, stepwise: false, routing: .hf, hidden: hidden)
    }
    let logits = traces.flatMap { $0.logits.values.flatMap { $0 } }
    #expect(floats(memory, written["logits"]) == logits)
    if hidden {
      let states = (0..<n).flatMap { state in
        traces.flatMap { $0.hidden[state].values.flatMap { $0 } }
      }
      #expect(floats(memory, written["hidden"]) == states)
      let attended = (0..<n - 1).flatMap { layer in
        traces.flatMap { $0.hiddenAttention[layer].values.flatMap { $0 } }
      }
      #expect(floats(memory, written["hidden_attention"]) == attended)
    }
  }

  @Test func itIsAGoldenFile() throws {
    let model = try model("reference/e6-moe")
    let file = try LogitsFile(model: model, sequences: [[1, 2, 3, 4, 5]], hidden: true)
    let memory = try MemoryBuffer(count: file.fileSize)
    try file.write(
      to: memory, stepwise: false, routing: .hf, compute: Compute(threads: 1),
      progress: NoProgress())
    let folder = try TemporaryFolder()
    let path = try folder.write("golden.safetensors", memory.bytes(0..<memory.count))
    func compare(stepwise: Bool) throws -> GoldenComparison {
      try Golden(path: path).compare(
        model, stepwise: stepwise, routing: .hf, compute: Compute(threads: 1))
    }
    let same = try compare(stepwise: false)
    #expect(same.statistics.maxAbsDifference == 0 && same.statistics.kld.max == 0)
    #expect(same.hidden.allSatisfy { $0.maxAbsDifference == 0 })
    // Experts are chosen otherwise token by token.
    #expect(try compare(stepwise: true).statistics.maxAbsDifference > 0.1)
  }

  @Test func interruption() throws {
    let model = try model("cases/odd-shapes")
    let file = try LogitsFile(model: model, sequences: [[1]], hidden: false)
    let memory = try MemoryBuffer(count: file.fileSize)
    #expect(throws: (any Error).self) {
      try file.write(
        to: memory, stepwise: false, routing: .hf, compute: Compute(threads: 1),
        progress: Counter(isCancelled: true))
    }
  }

  private func floats(_ memory: MemoryBuffer, _ entry: TensorEntry?) -> [Float] {
    guard let entry else { return [] }
    let bytes = memory.bytes(entry.byteRange)
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
  }
}
