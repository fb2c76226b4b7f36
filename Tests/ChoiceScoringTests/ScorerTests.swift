import ChoiceScoring
import Conversion
import DogeArchitecture
import DogeModel
import Generation
import Kernels
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing
import Tokenization

/// Scores equal those of each context and choice run by itself.
@Suite struct ScorerTests {
  private func model(
    _ fixture: String, _ type: String, _ mode: ComputeMode, threads: Int
  ) throws -> DogeModel {
    let compute = try Compute(isa: nil, threads: threads)
    let recipe = EncodingRecipe(target: try #require(TargetType(name: type)), groupSize: 32)
    let plan = try ConversionPlan(
      source: ModelSource.open(path: Fixtures.folder(fixture)), recipe: recipe,
      toolVersion: "1.2.3")
    let stored = try Converter(compute: compute).load(plan).model
    return DogeModel(stored, compute: compute, mode: mode)
  }

  private func scorer(_ model: DogeModel, context: Int? = nil) throws -> ChoiceScorer {
    let tokenizer = try TextFiles(path: Fixtures.folder("doge-nano")).tokenizer()
    return ChoiceScorer(
      model, tokenizer: tokenizer, beginning: tokenizer.beginning, prefix: 0, context: context)
  }

  /// What a choice gets when its context is run with it, and nothing else.
  private func alone(
    _ context: [Int], _ choice: [Int], _ model: DogeModel, limit: Int
  ) throws -> [ChoiceScorer.Prediction] {
    let input = Array((context + choice.dropLast()).suffix(limit))
    let hidden = try model.forward(input, cache: model.makeCache(maximum: limit))
    let logits = model.logits(hidden, rows: input.count - choice.count..<input.count)
    return choice.enumerated().map { row, id in
      let values = logits.row(row)
      return ChoiceScorer.Prediction(
        logProbability: Double(values[id]) - model.logSumExp(logits, row: row),
        isGreedy: values.firstIndex(of: values.max() ?? 0) == id)
    }
  }

  @Test(
    arguments: [
      ("doge-nano", "source", ComputeMode.exact), ("doge-nano", "int4", .fast),
      ("cases/doge2-keepwindow", "int8", .fast), ("reference/e6-moe", "source", .exact),
      ("reference/e6-rope-dynamic", "source", .exact), ("reference/e6-sliding", "int4", .fast),
    ], [1, 2])
  func scoresAreThoseOfEachChoiceAlone(
    _ kind: (String, String, ComputeMode), threads: Int
  ) throws {
    let model = try model(kind.0, kind.1, kind.2, threads: threads)
    let limit = 40
    func tokens(_ count: Int, _ seed: Int) -> [Int] {
      (0..<count).map { ($0 * $0 * 7 + seed * 31 + $0 * seed) % model.config.vocabularySize }
    }
    // More questions than a batch; contexts that fit, and two that have to be cut.
    let items = (0..<37).map { item in
      ChoiceTokens(
        context: tokens(item % 9 == 8 ? 60 : 1 + item * 5 % 23, item),
        choices: (0...item % 5).map { tokens(1 + ($0 * 3 + item) % 7, item + 100 * $0) })
    }
    let scorer = try scorer(model, context: limit)
    let predictions = try scorer.predictions(of: items)
    #expect(predictions.count == items.count)
    for (item, found) in zip(items, predictions) {
      let expected = try item.choices.map { try alone(item.context, $0, model, limit: limit) }
      #expect(found == expected, "\(item)")
    }
  }

  @Test func textsAndTheirScores() throws {
    let model = try model("doge-nano", "source", .exact, threads: 1)
    let scorer = try scorer(model)
    let tokenizer = try TextFiles(path: Fixtures.folder("doge-nano")).tokenizer()
    let one = try ChoiceItem(
      contexts: ["In the beginning God created the"], choices: [" heaven", "zqé", " heaven"],
      answer: 0)
    let several = try ChoiceItem(
      contexts: ["In the beginning", "And", ""], choices: [" was", " the", "In"], answer: nil)
    let scores = try scorer.scores(of: [several, one, several].map(scorer.tokenized))
    try #require(scores.count == 3)
    #expect(scores[0] == scores[2])
    #expect(scores[1].bytes == [7, 4, 7])
    #expect(scores[1].choice == 0 && scores[1].normalizedChoice == 0, "of equal ones the first")
    #expect(scores[1].logLikelihoods[0] == scores[1].logLikelihoods[2])
    #expect(scores[1].logLikelihoods[0] > scores[1].logLikelihoods[1])
    for (index, context) in several.contexts.enumerated() {
      let ids = context.isEmpty ? [0] : try tokenizer.encode(context).map(\.id)
      let choice = try tokenizer.encode(several.choices[index], addSpecialTokens: false)
      let expected = try alone(ids, choice.map(\.id), model, limit: 100)
      #expect(scores[0].tokens[index] == choice.count)
      #expect(
        scores[0].logLikelihoods[index] == expected.reduce(0) { $0 + $1.logProbability })
      #expect(scores[0].isGreedy[index] == expected.allSatisfy(\.isGreedy))
    }
    #expect(try scorer.scores(of: []) == [])
  }
}
