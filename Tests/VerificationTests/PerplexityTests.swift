import DogeModel
import Foundation
import Kernels
import Testing
import Verification

@Suite struct TextWindowsTests {
  @Test func windowsBeginWithTheBeginningOfText() throws {
    let windows = try TextWindows.cut(Array(10..<21), context: 4, beginning: 0, path: "t")
    #expect(windows == [[0, 10, 11, 12], [0, 13, 14, 15], [0, 16, 17, 18]])
  }

  @Test func withoutABeginningOfText() throws {
    let windows = try TextWindows.cut(Array(10..<18), context: 4, beginning: nil, path: "t")
    #expect(windows == [[10, 11, 12, 13], [14, 15, 16, 17]])
  }

  @Test(arguments: [(0, 4), (2, 4), (7, 9)])
  func aShortTextIsRefused(count: Int, context: Int) {
    let error = VerificationError.textTooShort(path: "t", tokens: count, needed: context - 1)
    #expect(throws: error) {
      try TextWindows.cut(Array(0..<count), context: context, beginning: 0, path: "t")
    }
  }

  @Test(arguments: [
    (0, 0..<0, 0..<0), (1, 0..<0, 0..<0), (2, 0..<1, 1..<1), (3, 0..<2, 1..<2),
    (512, 0..<511, 256..<511),
  ])
  func scoredPositions(count: Int, all: Range<Int>, half: Range<Int>) {
    #expect(Scoring.all.positions(of: count) == all)
    #expect(Scoring.secondHalf.positions(of: count) == half)
  }
}

@Suite struct PerplexityTests {
  /// Against the definition, in the order of a reader: log Σ exp of each row less the logit.
  @Test(arguments: Scoring.allCases)
  func equalsTheDefinition(scoring: Scoring) throws {
    let model = try model("doge-nano")
    let sequences = TokenSequences.random(100, seed: 3, vocabulary: 2048, window: 40)
    var losses: [Double] = []
    for tokens in sequences {
      let hidden = try model.forward(tokens, cache: model.makeCache(maximum: tokens.count))
      let logits = model.logits(hidden, rows: 0..<tokens.count)
      let first = scoring == .all ? 0 : tokens.count / 2
      for row in first..<tokens.count - 1 {
        let values = logits.row(row).map(Double.init)
        let sum = values.reduce(0) { $0 + exp($1) }
        losses.append(log(sum) - values[tokens[row + 1]])
      }
    }
    let found = try Perplexity(of: model, on: sequences, scoring: scoring)
    let mean = losses.reduce(0, +) / Double(losses.count)
    #expect(found.tokens == losses.count)
    #expect(abs(found.meanLoss - mean) < 1e-9)
    #expect(abs(found.perplexity - exp(mean)) < 1e-8 * exp(mean))
    #expect(found.standardError > 0)
  }

  @Test func isThatOfAComparison() throws {
    let model = try model("doge-nano")
    let sequences = TokenSequences.random(90, seed: 4, vocabulary: 2048, window: 30)
    let verifier = try Verifier(
      reference: model, candidates: [model], compute: Compute(threads: 1))
    for scoring in Scoring.allCases {
      let alone = try Perplexity(of: model, on: sequences, scoring: scoring)
      let compared = try verifier.compare(sequences, scoring: scoring)[0]
      #expect(compared.tokens == 90)
      #expect(compared.perplexity?.reference.value == alone.perplexity)
    }
  }

  @Test func nothingToScore() throws {
    let model = try model("doge-nano")
    #expect(throws: VerificationError.nothingToScore) {
      try Perplexity(of: model, on: [[1], [2]], scoring: .all)
    }
  }

  @Test func progressCountsTokens() throws {
    let counter = Counter()
    _ = try Perplexity(
      of: model("doge-nano"), on: [[1, 2, 3], [4, 5]], scoring: .all, progress: counter)
    #expect(counter.total == 5 && counter.advanced == 5)
  }
}
