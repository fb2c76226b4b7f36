import DogeArchitecture
import DogeModel
import Kernels
import TestSupport
import Testing

/// What the split of a sequence into calls decides, and what it doesn't.
@Suite struct CallTests {
  @Test(arguments: GoldenCase.all) func splitsDoNotMatter(_ golden: GoldenCase) throws {
    let model = try model(golden.folder)
    guard model.config.hasFixedRotation else { return }
    let tokens = try golden.golden().tokens
    // Per token, experts are no exception.
    let whole = try run(model, tokens, routing: .perToken).bits
    let splits = [[1], [7, 7, 7, 7, 7, 7, 7], [tokens.count / 2], [tokens.count - 1], [3, 1, 16]]
    for lengths in splits {
      let split = try run(model, tokens, calls: lengths, routing: .perToken).bits
      #expect(split == whole, "\(lengths)")
    }
    #expect(try runStepwise(model, tokens, routing: .perToken).bits == whole)
    // Of one token, the published routing is the per-token one.
    #expect(try runStepwise(model, tokens, routing: .hf).bits == whole)
    let published = try run(model, tokens, routing: .hf).bits
    #expect((published == whole) == (model.config.experts == nil))
  }

  @Test(arguments: GoldenCase.all) func laterTokensDoNotReachBack(_ golden: GoldenCase) throws {
    let model = try model(golden.folder)
    var tokens = try golden.golden().tokens
    let before = try run(model, tokens, routing: .perToken)
    tokens[tokens.count - 1] = (tokens[tokens.count - 1] + 1) % model.config.vocabularySize
    let after = try run(model, tokens, routing: .perToken)
    #expect(
      bits(before.logits.dropLast()) == bits(after.logits.dropLast()))
    #expect(before.logits.last != after.logits.last)
  }

  /// Longer than a block of the layers, with calls that end inside of blocks and on their edges.
  @Test(arguments: [
    "doge-nano", "reference/e6-moe", "reference/e6-sliding-keepwindow", "cases/odd-shapes",
  ])
  func blocksDoNotMatter(_ name: String) throws {
    let model = try model(Fixtures.folder(name))
    let block = LayerBuffers.blockTokens
    let tokens = tokens(2 * block + 11, below: model.config.vocabularySize)
    let whole = try run(model, tokens, routing: .perToken).bits
    #expect(try runStepwise(model, tokens, routing: .perToken).bits == whole)
    let threaded = try DogeModelTests.model(
      Fixtures.folder(name), on: Machine(isa: .scalar, threads: 2))
    #expect(try run(threaded, tokens, routing: .perToken).bits == whole)
    for lengths in [[block], [block + 1], [block - 1, 2, 1]] {
      #expect(
        try run(model, tokens, calls: lengths, routing: .perToken).bits == whole, "\(lengths)")
    }
  }

  @Test func logitsOfSomeRowsAreThoseOfAll() throws {
    let model = try model(Fixtures.folder("cases/odd-shapes"))
    let tokens = tokens(20, below: model.config.vocabularySize)
    let hidden = try model.forward(tokens, cache: model.makeCache(maximum: 20))
    let all = model.logits(hidden, rows: 0..<20)
    for rows in [0..<1, 19..<20, 3..<17] {
      let some = model.logits(hidden, rows: rows)
      #expect(some.rows == rows.count && some.columns == model.config.vocabularySize)
      for row in rows { #expect(some.row(row - rows.lowerBound) == all.row(row)) }
    }
    #expect(model.logitsBlock >= 1)
  }

  @Test func statesAreShownInTheirOrder() throws {
    let model = try model(Fixtures.folder("reference/e6-moe"))
    var names: [String] = []
    _ = try model.forward([1, 2], cache: model.makeCache(maximum: 2)) { state, values in
      #expect(values.rows == 2 && values.columns == model.config.hiddenSize)
      names.append(state.name)
    }
    let blocks = (0..<model.config.layerCount).flatMap {
      ["layers.\($0).attention", "layers.\($0).feed_forward"]
    }
    #expect(names == ["embedding"] + blocks)
  }

  /// As a comparison of two models has it; heads of other sizes need other memory.
  @Test(arguments: ["source", "int8"]) func modelsShareMemory(type: String) throws {
    let machine = Machine(isa: try #require(InstructionSet.available.last), threads: 2)
    let names = ["reference/e3-oldnames-f32", "cases/odd-shapes", "reference/e6-headdim"]
    let workspace = Workspace()
    for name in names + names.reversed() {
      let exact = try model(Fixtures.folder(name), type: type, on: machine)
      let fast = DogeModel(exact.stored, compute: exact.compute, mode: .fast)
      for model in [exact, fast] {
        let tokens = tokens(24, below: model.config.vocabularySize)
        let shared = try model.forward(
          tokens, cache: model.makeCache(maximum: 24), workspace: workspace)
        let own = try model.forward(tokens, cache: model.makeCache(maximum: 24))
        #expect(
          bits((0..<24).map(shared.row)) == bits((0..<24).map(own.row)), "\(name) \(model.mode)")
      }
    }
  }

  @Test func aCallOfNothingChangesNothing() throws {
    let model = try model(Fixtures.folder("reference/e6-moe"))
    let cache = model.makeCache(maximum: 4)
    #expect(try model.forward([], cache: cache).rows == 0)
    _ = try model.forward([1, 2], cache: cache)
    #expect(try model.forward([], cache: cache).rows == 0)
    #expect(cache.count == 2)
  }
}
