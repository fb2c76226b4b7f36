import DogeModel
import Foundation
import Generation
import JSONCore
import Kernels
import TestSupport
import Testing

@Suite struct GeneratorTests {
  @Test func equalsTransformers() throws {
    let generator = Generator(model: try model())
    for test in try fixture("greedy.json") {
      let ids = { (key: String) in try #require(test[key]?.arrayValue).compactMap(\.intValue) }
      let penalty = try #require(test["repetition_penalty"]?.doubleValue)
      let config = config(40) {
        $0.endTokens = test["end_token"]?.intValue.map { [$0] } ?? []
        $0.sampling.repetitionPenalty = penalty
      }
      #expect(try generator.generate(ids("prompt"), config).ids == ids("ids"))
    }
  }

  static let machines: [(InstructionSet, Int)] = InstructionSet.available.flatMap { isa in
    [1, 2, 3].map { (isa, $0) }
  }

  @Test(arguments: machines) func machinesDoNotMatter(isa: InstructionSet, threads: Int) throws {
    let plain = try Generator(model: model(isa: .scalar)).generate(prompt, drawing(12), seed: 3)
    let other = try Generator(model: model(isa: isa, threads: threads))
      .generate(prompt, drawing(12), seed: 3)
    #expect(other == plain, "probabilities, too")
  }

  @Test func seedsMatter() throws {
    let generator = Generator(model: try model())
    let runs = try (1...4).map { try generator.generate(prompt, drawing(20), seed: $0).ids }
    #expect(Set(runs).count == 4)
    #expect(try generator.generate(prompt, drawing(20), seed: 2).ids == runs[1])
  }

  @Test func aSamplerGoesOn() throws {
    let generator = Generator(model: try model())
    var sampler = Sampler(seed: 4)
    let first = try generator.generate(prompt, config: drawing(20), sampler: &sampler)
    let second = try generator.generate(prompt, config: drawing(20), sampler: &sampler)
    #expect(first.ids != second.ids)
    var fresh = Sampler(seed: 4)
    for _ in 0..<40 { _ = fresh.next() }
    #expect(sampler.next() == fresh.next(), "one number for each token")
  }

  @Test func probabilitiesAreTheModels() throws {
    let model = try model()
    let result = try Generator(model: model).generate(prompt, drawing(8))
    let hidden = try model.forward(prompt + result.ids, cache: model.makeCache(maximum: 99))
    for (step, token) in result.tokens.enumerated() {
      let row = prompt.count - 1 + step
      let logits = model.logits(hidden, rows: row..<row + 1).row(0).map(Double.init)
      let sum = logits.reduce(0) { $0 + exp($1) }
      let logProbability = try #require(token.logProbability)
      #expect(abs(logProbability - (logits[token.id] - log(sum))) < 1e-9)
      let drawn = try #require(token.drawLogProbability)
      #expect(drawn > -20 && drawn <= 0)
    }
    let greedy = try Generator(model: model).generate(prompt, config(3))
    #expect(greedy.tokens.allSatisfy { $0.drawLogProbability == 0 })
    #expect(greedy.tokens.allSatisfy { ($0.logProbability ?? 0) < 0 })
  }

  @Test func probabilitiesCostTimeAndAreNilUnlessAskedFor() throws {
    let model = try model()
    for config in [config(6), drawing(6)] {
      var plain = config
      plain.logProbabilities = false
      let asked = try Generator(model: model).generate(prompt, config)
      let result = try Generator(model: model).generate(prompt, plain)
      #expect(result.ids == asked.ids && result.text == asked.text)
      #expect(
        result.tokens.allSatisfy { $0.logProbability == nil && $0.drawLogProbability == nil })
    }
  }

  @Test func theModelsFastModeWorks() throws {
    let model = try model(type: "int4", mode: .fast)
    let result = try Generator(model: model).generate(prompt, config(10))
    #expect(result.tokens.count == 10 && result.reason == .length(10))
  }
}

@Suite struct PrefixTests {
  @Test func turnsOfAConversation() throws {
    let model = try model()
    let generator = Generator(model: model)
    #expect(generator.reusesPrefix)
    var history = prompt
    var reused: [Int] = []
    for turn in 0..<4 {
      let result = try generator.generate(history, drawing(9), seed: UInt64(turn))
      let fresh = try Generator(model: model).generate(history, drawing(9), seed: UInt64(turn))
      #expect(result.tokens == fresh.tokens)
      #expect(fresh.reusedCount == 0)
      reused.append(result.reusedCount)
      #expect(generator.cachedTokens == history + result.ids.dropLast())
      history += result.ids + [1, 206, 3, 317 + turn]
    }
    // All but the last token of the answer before, which nothing had followed.
    #expect(reused == [0, 20, 33, 46])
  }

  @Test func otherPrompts() throws {
    let model = try model()
    let generator = Generator(model: model)
    func reused(_ prompt: [Int]) throws -> Int {
      let result = try generator.generate(prompt, config(5))
      let fresh = try Generator(model: model).generate(prompt, config(5))
      #expect(result.tokens == fresh.tokens)
      return result.reusedCount
    }
    #expect(try reused(prompt) == 0)
    #expect(try reused(prompt) == prompt.count - 1, "the last token is run for its logits")
    #expect(try reused(Array(prompt.prefix(6))) == 5)
    #expect(try reused(Array(prompt.prefix(4)) + [700, 701]) == 4)
    #expect(try reused([9] + prompt) == 0)
    generator.reset()
    #expect(generator.cachedTokens == [])
    #expect(try reused([9] + prompt) == 0)
  }

  @Test func longPromptsAreRunInPieces() throws {
    let model = try model()
    let long = (0..<Generator.promptBlock + 60).map { ($0 * 37 + 11) % 2048 }
    let log = Log()
    var sampler = Sampler(seed: 1)
    let result = try Generator(model: model).generate(
      long, config: config(4), sampler: &sampler, observe: { log.events.append($0) })
    #expect(
      Array(log.events.prefix(2)) == [
        .prompt(done: Generator.promptBlock, of: long.count),
        .prompt(done: long.count, of: long.count),
      ])
    let cache = model.makeCache(maximum: 1000)
    let hidden = try model.forward(long, cache: cache)
    let logits = model.logits(hidden, rows: long.count - 1..<long.count).row(0)
    #expect(result.ids.first == logits.firstIndex(of: logits.max() ?? 0))
  }

  /// The routing of experts mixes the tokens of a call: a prompt is one call, as in transformers.
  @Test func callsThatMatter() throws {
    let model = try model("reference/e6-moe")
    let generator = Generator(model: model)
    #expect(!generator.reusesPrefix)
    #expect(Generator(model: model, routing: .perToken).reusesPrefix)
    let prompt = [5, 9, 2, 7, 1, 30, 12]
    let first = try generator.generate(prompt, config(6))
    let again = try generator.generate(prompt + first.ids, config(6))
    #expect(again.reusedCount == 0)
    let fresh = try Generator(model: model).generate(prompt + first.ids, config(6))
    #expect(again.tokens == fresh.tokens)
  }

  @Test(arguments: ["reference/e6-rope-dynamic", "reference/e6-rope-longrope"])
  func rotationsThatDependOnTheLength(_ name: String) throws {
    let model = try model(name)
    let longest = model.config.maxPositions
    #expect(!Generator(model: model, context: 4 * longest).reusesPrefix)
    // Up to the maximum those of dynamic RoPE are always the same.
    let isDynamic = name.hasSuffix("dynamic")
    #expect(Generator(model: model, context: longest).reusesPrefix == isDynamic)
  }

  @Test func experts() throws {
    let model = try model("reference/e6-moe")
    let prompt = [5, 9, 2, 7, 1, 30, 12]
    let results = try ExpertRouting.allCases.map {
      try Generator(model: model, routing: $0).generate(prompt, config(3)).tokens[0]
    }
    #expect(results[0].logProbability != results[1].logProbability)
  }
}
