import DogeModel
import Generation
import Kernels
import TestSupport
import Testing

@Suite struct PromptLookupTests {
  private func draft(_ text: [Int], room: Int = 9, longest: Int = 4) -> [Int] {
    var lookup = PromptLookup(longest: longest)
    return lookup.draft(after: text, room: room)
  }

  @Test func whatFollowedTheLastTime() {
    #expect(draft([1, 2, 3, 7, 8, 9, 5, 1, 2, 3]) == [7, 8, 9, 5])
    #expect(draft([1, 2, 3, 7, 8, 9, 5, 1, 2, 3], room: 2) == [7, 8])
    #expect(draft([1, 2, 3, 7, 8, 9, 5, 1, 2, 3], longest: 1) == [7])
    #expect(draft([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], longest: 1) == [5], "the most recent one")
    #expect(draft([1, 2, 3, 4, 6, 2, 3, 5, 1, 2, 3], longest: 1) == [4], "three before two")
    #expect(draft([9, 2, 3, 5, 6, 1, 2, 3]) == [5, 6, 1, 2])
    #expect(draft([8, 8, 8]) == [8, 8, 8, 8], "a guess goes on with itself")
    #expect(draft([5, 1, 2, 5, 1, 2, 5, 1]) == [2, 5, 1, 2])
  }

  @Test func nothing() {
    for text in [[], [1], [1, 1], [1, 2, 3], [1, 2, 3, 4, 5, 3]] { #expect(draft(text) == []) }
    #expect(draft([1, 2, 3, 4, 1, 2, 3], room: 0) == [])
    #expect(draft([1, 2, 3, 4, 1, 2, 3], room: -1) == [])
  }

  @Test func lengthsFollowSuccess() {
    let text = [Int](repeating: 3, count: 20)
    var lookup = PromptLookup(longest: 16)
    var lengths: [Int] = []
    for right in [4, 8, 16, 5, 2] {
      let draft = lookup.draft(after: text, room: 99)
      lengths.append(draft.count)
      lookup.learn(right: right, of: draft.count)
    }
    #expect(lengths == [4, 8, 16, 16, 5])
    lookup.learn(right: 0, of: 2)
    #expect((0..<3).map { _ in lookup.draft(after: text, room: 99).count } == [0, 0, 1])
    lookup.learn(right: 0, of: 1)
    #expect((0..<5).map { _ in lookup.draft(after: text, room: 99).count } == [0, 0, 0, 0, 1])
    for _ in 0..<20 { lookup.learn(right: 0, of: 1) }
    let pause = (0..<99).prefix { _ in lookup.draft(after: text, room: 99).isEmpty }
    #expect(pause.count == 32, "it never gives up for good")
  }
}

/// With guesses a text is the same, token by token.
@Suite struct LookupTests {
  private let model: DogeModel
  /// A text that repeats itself.
  private let repeating = [Int](repeatElement(prompt, count: 4).joined())

  init() throws { model = try GenerationTests.model() }

  private func run(
    _ prompt: [Int], _ config: GenerationConfig, lookup: Int, log: Log = Log(),
    context: Int? = nil, text: Pieces = Pieces()
  ) throws -> (GenerationResult, [Int]) {
    var config = config
    config.lookup = lookup
    var sampler = Sampler(seed: 8)
    let generator = Generator(model: model, context: context)
    let result = try generator.generate(
      prompt, config: config, sampler: &sampler, text: text, observe: { log.events.append($0) })
    let draws = config.sampling.samples ? result.tokens.count : 0
    var fresh = Sampler(seed: 8)
    for _ in 0..<draws { _ = fresh.next() }
    #expect(sampler.next() == fresh.next(), "as many draws as tokens")
    return (result, generator.cachedTokens)
  }

  private func expectSame(
    _ prompt: [Int], _ config: GenerationConfig, lookup: Int = 8, context: Int? = nil,
    text: Pieces = Pieces()
  ) throws -> GenerationResult {
    let (plainLog, log) = (Log(), Log())
    let (plain, plainCache) = try run(
      prompt, config, lookup: 0, log: plainLog, context: context, text: text)
    let (result, cache) = try run(
      prompt, config, lookup: lookup, log: log, context: context, text: text)
    #expect(result.tokens == plain.tokens, "probabilities, too")
    #expect(result.text == plain.text && result.reason == plain.reason)
    #expect(log.events == plainLog.events)
    #expect(cache == plainCache)
    #expect(plain.draftedCount == 0 && plain.acceptedCount == 0)
    return result
  }

  /// Draws that often take the most likely token, so that some guesses are right and some are not.
  private func steep(_ count: Int) -> GenerationConfig {
    config(count) {
      $0.sampling.samples = true
      $0.sampling.temperature = 0.6
      $0.sampling.repetitionPenalty = 1.02
    }
  }

  @Test(arguments: [1, 2, 3, 8, 64]) func sameTokens(lookup: Int) throws {
    for config in [config(60), steep(60), drawing(60)] {
      let result = try expectSame(repeating, config, lookup: lookup)
      #expect(result.acceptedCount <= result.draftedCount)
    }
    let greedy = try expectSame(repeating, config(60), lookup: lookup)
    #expect(greedy.draftedCount > 0 && greedy.acceptedCount > 0)
  }

  @Test func fastMode() throws {
    let model = try GenerationTests.model(type: "int4", threads: 2, mode: .fast)
    for config in [config(40), steep(40)] {
      var guessing = config
      guessing.lookup = 6
      let plain = try Generator(model: model).generate(repeating, config)
      let result = try Generator(model: model).generate(repeating, guessing)
      #expect(result.tokens == plain.tokens)
    }
  }

  @Test func endsWithinADraft() throws {
    let free = try run(repeating, config(60), lookup: 0).0
    for index in [1, 2, 5, 9, 20, 33] {
      let token = free.ids[index]
      _ = try expectSame(repeating, config(60) { $0.endTokens = [token] })
      _ = try expectSame(repeating, config(60) { $0.stopTexts = ["<\(token)>"] })
    }
    for length in 1...12 { _ = try expectSame(repeating, config(length)) }
    for more in 1...9 {
      let context = repeating.count + more
      let result = try expectSame(repeating, config(60), context: context)
      #expect(result.reason == .contextFull(context) && result.ids.count == more)
    }
  }

  @Test func conversationsGoOn() throws {
    let generator = Generator(model: model)
    var history = repeating
    var config = config(20)
    config.lookup = 8
    for turn in 0..<3 {
      let result = try generator.generate(history, config)
      let fresh = try run(history, config, lookup: 0).0
      #expect(result.ids == fresh.ids)
      #expect(generator.cachedTokens == history + result.ids.dropLast())
      history += result.ids + [1, 206, 3, 317 + turn]
    }
  }

  /// Where what is computed depends on a call's length, nothing is guessed.
  @Test func modelsThatDependOnTheCall() throws {
    let model = try GenerationTests.model("reference/e6-moe")
    let prompt = [Int](repeatElement([5, 9, 2, 7], count: 5).joined())
    var config = config(10)
    let plain = try Generator(model: model).generate(prompt, config)
    config.lookup = 8
    let result = try Generator(model: model).generate(prompt, config)
    #expect(result == plain)
    let perToken = try Generator(model: model, routing: .perToken).generate(prompt, config)
    config.lookup = 0
    let alone = try Generator(model: model, routing: .perToken).generate(prompt, config)
    #expect(perToken.tokens == alone.tokens)
  }
}
