import DogeModel
import Foundation
import Generation
import Testing

@Suite struct ComparisonTests {
  private func compare(
    _ a: DogeModel, _ b: DogeModel, _ config: GenerationConfig,
    observe: (ComparisonSide, GenerationEvent) throws -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> GenerationComparison {
    try compareGeneration(
      prompt, config: config, first: Generator(model: a), second: Generator(model: b),
      sampler: Sampler(seed: 6), text: { Pieces() }, observe: observe, isCancelled: isCancelled)
  }

  private func logProbability(_ model: DogeModel, _ tokens: [Int], of id: Int) throws -> Double {
    let hidden = try model.forward(tokens, cache: model.makeCache(maximum: 999))
    let logits = model.logits(hidden, rows: tokens.count - 1..<tokens.count).row(0)
    return Double(logits[id]) - log(logits.reduce(0) { $0 + exp(Double($1)) })
  }

  @Test(arguments: [config(60), drawing(30)]) func whereModelsPart(
    _ config: GenerationConfig
  ) throws {
    let models = (try model(), try model(type: "int4"))
    let first = Log()
    let second = Log()
    let result = try compare(models.0, models.1, config) { side, event in
      (side == .first ? first : second).events.append(event)
    }
    // Each is what it is alone.
    #expect(result.first == (try Generator(model: models.0).generate(prompt, config, seed: 6)))
    #expect(result.second == (try Generator(model: models.1).generate(prompt, config, seed: 6)))
    #expect(first.tokens == result.first.tokens && second.tokens == result.second.tokens)

    let parting = try #require(result.parting)
    let common = result.first.ids.prefix(parting.step)
    #expect(common == result.second.ids.prefix(parting.step))
    #expect(parting.first.id == result.first.ids[parting.step])
    #expect(parting.second.id == result.second.ids[parting.step])
    #expect(parting.first.id != parting.second.id)
    for odds in [parting.first, parting.second] {
      let expected = (
        try logProbability(models.0, prompt + common, of: odds.id),
        try logProbability(models.1, prompt + common, of: odds.id)
      )
      #expect(abs(odds.first - expected.0) < 1e-9)
      #expect(abs(odds.second - expected.1) < 1e-9)
    }
  }

  @Test func theSameModelDoesNotPart() throws {
    let model = try model()
    let result = try compare(model, model, drawing(20))
    #expect(result.parting == nil && result.first == result.second)
  }

  @Test func oneMayEndBeforeTheOther() throws {
    let models = (try model(), try model(type: "int4"))
    let free = try compare(models.0, models.1, config(60))
    let step = try #require(free.parting).step
    // A token that the first model makes after they have parted, and the second doesn't.
    let own = try #require(
      free.first.ids.dropFirst(step).first { !free.second.ids.contains($0) })
    let result = try compare(models.0, models.1, config(60) { $0.endTokens = [own] })
    #expect(result.first.reason == .endToken(own))
    #expect(result.second == free.second)
    #expect(result.parting == free.parting)
  }

  @Test func cancelled() throws {
    let model = try model()
    var count = 0
    let result = try compare(model, model, config(20)) { side, event in
      if side == .first, case .token = event { count += 1 }
    } isCancelled: {
      count >= 4
    }
    #expect(result.first.reason == .cancelled && result.first.ids.count == 4)
    #expect(result.second.reason == .cancelled && result.second.ids.count == 4)
  }

  @Test func vocabulariesMustBeEqual() throws {
    let models = (try model(), try model("reference/e6-moe"))
    let sizes = (models.0.config.vocabularySize, models.1.config.vocabularySize)
    #expect(throws: GenerationError.vocabulariesDiffer(first: sizes.0, second: sizes.1)) {
      try compare(models.0, models.1, config(2))
    }
  }
}
