import Generation
import JSONCore
import Testing

/// Bias, penalties and tokens that must not come.
@Suite struct AdjustmentTests {
  private static let cases: [JSON] = (try? fixture("adjustments.json")) ?? []

  @Test func thereAreCases() { #expect(Self.cases.count == 33) }

  /// Scores are those of transformers' processors and of vLLM's formula, to the bit.
  @Test(arguments: cases.indices) func equalsTransformersAndVLLM(_ index: Int) throws {
    let test = Self.cases[index]
    func ids(_ key: String) throws -> [Int] {
      try #require(test[key]?.arrayValue).compactMap(\.intValue)
    }
    func floats(_ key: String) throws -> [Float] {
      try #require(test[key]?.arrayValue).map { Float($0.doubleValue ?? -.infinity) }
    }
    let options = try #require(test["options"])
    var overrides = GenerationOverrides()
    overrides.topK = 0
    overrides.repetitionPenalty = options["repetition"]?.doubleValue
    overrides.frequencyPenalty = options["frequency"]?.doubleValue
    overrides.presencePenalty = options["presence"]?.doubleValue
    for member in options["bias"]?.objectValue?.members ?? [] {
      overrides.logitBias[try #require(Int(member.key))] = member.value.doubleValue
    }
    let logits = try floats("logits")
    let made = try ids("made")
    var seen = SeenTokens(vocabulary: logits.count)
    for id in try ids("prompt") { seen.insert(id) }
    for id in made { seen.insertMade(id) }
    let isBarred = made.count < options["least"]?.intValue ?? 0
    let warper = LogitsWarper(
      try GenerationConfig().applying(overrides).sampling, compute: try compute())
    let barred = isBarred ? try ids("ends") : []
    let distribution = warper.distribution(of: logits.span, seen: seen, barring: barred)
    let found = try #require(distribution)
    let expected = try floats("scores").enumerated().filter { $0.element > -.infinity }
    let candidates = found.candidates.filter { $0.score > -.infinity }
    #expect(candidates.map(\.id) == expected.map(\.offset))
    #expect(candidates.map(\.score) == expected.map(\.element))
    let best = expected.max { $0.element < $1.element }
    let greedy = warper.mostLikely(of: logits.span, seen: seen, barring: barred)
    #expect(greedy == best?.offset)
  }

  @Test func noEndTokenComesTooEarly() throws {
    let generator = Generator(model: try model())
    let free = try generator.generate(prompt, config(12)).ids
    let ends = [free[2], free[5]]
    func run(least: Int) throws -> GenerationResult {
      try generator.generate(
        prompt,
        config(12) {
          $0.endTokens = ends
          $0.minNewTokens = least
        })
    }
    #expect(try run(least: 2).ids == Array(free.prefix(3)))
    for least in [3, 7, 12] {
      let result = try run(least: least)
      #expect(result.ids.count >= least)
      #expect(result.ids.prefix(least).allSatisfy { !ends.contains($0) })
    }
  }

  @Test func theResultAloneCounts() throws {
    let generator = Generator(model: try model())
    let free = try generator.generate(prompt, config(4)).ids
    // The first token is not in the result before, whatever the prompt holds.
    for (frequency, presence) in [(100.0, 0.0), (0, 100)] {
      let ids = try generator.generate(
        prompt,
        config(12) {
          $0.sampling.frequencyPenalty = frequency
          $0.sampling.presencePenalty = presence
        }
      ).ids
      #expect(ids.first == free.first && Set(ids).count == 12)
    }
  }

  @Test func biasesAreOfTokensThatThereAre() throws {
    let generator = Generator(model: try model())
    let ids = try generator.generate(prompt, config(3) { $0.sampling.logitBias = [7: 1e4] }).ids
    #expect(ids == [7, 7, 7])
    for id in [2048, -1] {
      let error = #expect(throws: GenerationError.self) {
        try generator.generate(prompt, config(3) { $0.sampling.logitBias = [id: 1] })
      }
      #expect(error?.diagnostic.message.contains("2048, but is for \(id)") == true)
    }
  }
}
