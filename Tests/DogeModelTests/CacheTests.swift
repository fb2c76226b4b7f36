import DogeModel
import TestSupport
import Testing

@Suite struct CacheTests {
  @Test(arguments: GoldenCase.all) func forgottenTokensLeaveNoTrace(_ golden: GoldenCase) throws {
    let model = try model(golden.folder)
    let tokens = try golden.golden().tokens
    let cache = model.makeCache(maximum: 4 * tokens.count)
    let head = tokens.count / 3
    _ = try run(model, Array(tokens.prefix(head)), cache: cache)
    // Another continuation, longer than the right one, is taken back.
    _ = try run(model, Array((tokens + tokens).reversed()), cache: cache)
    cache.truncate(to: head)
    #expect(cache.count == head)
    let again = try run(model, Array(tokens.dropFirst(head)), cache: cache)
    let straight = try run(model, tokens, calls: [head])
    #expect(
      bits(again.logits) == bits(Array(straight.logits.dropFirst(head))))
    cache.truncate(to: 0)
    let repeated = try run(model, tokens, cache: cache).bits
    let fresh = try run(model, tokens).bits
    #expect(repeated == fresh)
  }

  @Test func growthKeepsWhatIsThere() throws {
    let model = try model(Fixtures.folder("reference/e6-keepwindow"))
    let tokens = tokens(150, below: model.config.vocabularySize)
    let growing = model.makeCache(maximum: 1 << 40)
    #expect(growing.byteCount == 0 && growing.count == 0)
    var sizes: Set<Int> = []
    var logits: [[Float]] = []
    for token in tokens {
      logits += try run(model, [token], cache: growing).logits
      sizes.insert(growing.byteCount)
    }
    #expect(sizes.count > 3, "it grew several times")
    #expect(sizes.count < 8, "but not with each token")
    let whole = try run(model, tokens).logits
    #expect(logits == whole)
  }

  @Test func aFullCacheTakesNoMore() throws {
    let model = try model(Fixtures.folder("reference/e6-gqa-tied-bf16"))
    let cache = model.makeCache(maximum: 5)
    _ = try model.forward([1, 2, 3], cache: cache)
    #expect(throws: ModelError.contextFull(used: 3, added: 3, maximum: 5)) {
      _ = try model.forward([4, 5, 6], cache: cache)
    }
    #expect(cache.count == 3)
    let rest = try run(model, [4, 5], cache: cache).logits
    let whole = try run(model, [1, 2, 3, 4, 5], calls: [3]).logits
    #expect(rest == Array(whole.suffix(2)))
  }

  @Test(arguments: [-1, Int.min, Int.max]) func tokensOutsideTheVocabulary(_ token: Int) throws {
    try expectRefusal(of: token)
  }

  @Test func theFirstTokenBehindTheVocabulary() throws {
    let model = try model(Fixtures.folder("reference/e6-gqa-tied-bf16"))
    try expectRefusal(of: model.config.vocabularySize)
    _ = try run(model, [model.config.vocabularySize - 1])
  }

  private func expectRefusal(of token: Int) throws {
    let model = try model(Fixtures.folder("reference/e6-gqa-tied-bf16"))
    let cache = model.makeCache(maximum: 9)
    _ = try model.forward([1, 2], cache: cache)
    let expected = ModelError.tokenOutOfRange(
      token: token, position: 3, vocabulary: model.config.vocabularySize)
    #expect(throws: expected) { _ = try model.forward([3, token], cache: cache) }
    #expect(cache.count == 2)
  }
}
