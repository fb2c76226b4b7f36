import DogeModel
import Kernels
import Parallel
import TestSupport
import Testing

/// A call of several sequences gives each what it would get alone.
@Suite struct BatchTests {
  /// Tokens that each sequence has before a call, and that the call adds: a token each, and some
  /// that are cut between threads and between blocks.
  static let calls: [[(before: Int, added: Int)]] = [
    [(0, 1), (5, 1), (9, 1)],
    [(3, 1), (0, 4), (20, 2), (1, 1), (0, 3)],
    [(0, 30), (2, 1), (40, 17)],
    [(7, 1), (0, 90), (0, 90), (60, 33), (0, 2)],
  ]

  private func compare(
    _ model: DogeModel, _ call: [(before: Int, added: Int)], routing: ExpertRouting = .hf
  ) throws {
    var alone: [[Float]] = []
    var sequences: [SequenceCall] = []
    for (number, (before, added)) in call.enumerated() {
      let tokens = tokens(
        before + added, below: model.config.vocabularySize, seed: UInt64(number + 1))
      let (first, last) = (Array(tokens.prefix(before)), Array(tokens.suffix(added)))
      func cache() throws -> KVCache {
        let cache = model.makeCache(maximum: 1000)
        if before > 0 { _ = try model.forward(first, cache: cache, routing: routing) }
        return cache
      }
      let output = try model.forward(last, cache: cache(), routing: routing)
      alone += (0..<added).map(output.row)
      sequences.append(SequenceCall(last, cache: try cache()))
    }
    let together = try model.forward(sequences, routing: routing)
    #expect(bits((0..<together.rows).map(together.row)) == bits(alone))
    for (sequence, (before, added)) in zip(sequences, call) {
      #expect(sequence.cache.count == before + added)
    }
    // What was added to the caches is right, too.
    for _ in 0..<2 {
      let next = sequences.map { SequenceCall([1, 2], cache: $0.cache) }
      _ = try model.forward(next, routing: routing)
    }
    let after = try model.forward(
      sequences.map { SequenceCall([3], cache: $0.cache) }, routing: routing)
    for (number, sequence) in sequences.enumerated() {
      let tokens = tokens(
        call[number].before + call[number].added, below: model.config.vocabularySize,
        seed: UInt64(number + 1))
      let cache = model.makeCache(maximum: 1000)
      for part in [tokens.prefix(call[number].before), tokens.dropFirst(call[number].before)]
      where !part.isEmpty { _ = try model.forward(Array(part), cache: cache, routing: routing) }
      for part in [[1, 2], [1, 2]] { _ = try model.forward(part, cache: cache, routing: routing) }
      let expected = try model.forward([3], cache: cache, routing: routing)
      #expect(bits([after.row(number)]) == bits([expected.row(0)]))
      #expect(sequence.cache.count == cache.count)
    }
  }

  @Test(arguments: GoldenCase.all, [1, 2, 3]) func sequencesDoNotMix(
    _ golden: GoldenCase, threads: Int
  ) throws {
    let best = InstructionSet.available.last ?? .scalar
    let model = try model(golden.folder, on: Machine(isa: best, threads: threads))
    for call in Self.calls { try compare(model, call) }
  }

  @Test(arguments: FastModeTests.names + ["cases/doge2-keepwindow"], [1, 2, 3])
  func sequencesDoNotMixInFastMode(
    _ name: String, threads: Int
  ) throws {
    let best = InstructionSet.available.last ?? .scalar
    let exact = try model(
      Fixtures.folder(name), type: "int4", on: Machine(isa: best, threads: threads))
    for cache in [KVCacheType.int8, .f16] {
      let model = DogeModel(exact.stored, compute: exact.compute, mode: .fast, cache: cache)
      for call in Self.calls {
        try compare(model, call)
        try compare(model, call, routing: .perToken)
      }
    }
  }

  @Test func anErrorLeavesAllCachesAsTheyWere() throws {
    let model = try model(Fixtures.folder("reference/e6-gqa-tied-bf16"))
    let (room, full) = (model.makeCache(maximum: 50), model.makeCache(maximum: 3))
    _ = try model.forward([1, 2], cache: full)
    #expect(throws: ModelError.contextFull(used: 2, added: 2, maximum: 3)) {
      _ = try model.forward([SequenceCall([1], cache: room), SequenceCall([1, 2], cache: full)])
    }
    let token = model.config.vocabularySize
    #expect(
      throws: ModelError.tokenOutOfRange(token: token, position: 2, vocabulary: token)
    ) {
      _ = try model.forward([
        SequenceCall([1], cache: room), SequenceCall([token], cache: full),
      ])
    }
    #expect(room.count == 0 && full.count == 2)
    #expect(try model.forward([SequenceCall]()).rows == 0)
  }
}
