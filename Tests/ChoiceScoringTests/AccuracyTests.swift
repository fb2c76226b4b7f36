import ChoiceScoring
import Testing

@Suite struct AccuracyTests {
  /// Scores that choose one of three.
  private func scores(_ choice: Int, _ normalized: Int) -> ChoiceScores {
    var values = [-9.0, -9, -9]
    values[choice] = -8
    let bytes = (0..<3).map { $0 == normalized ? 1000 : 1 }
    return ChoiceScores(
      logLikelihoods: values, tokens: [1, 1, 1], bytes: bytes, isGreedy: [false, false, false])
  }

  @Test func accuracy() {
    var summary = ChoiceSummary()
    #expect(summary.accuracy.value == nil && summary.accuracy.standardError == nil)
    for (choice, normalized, answer) in [(0, 0, 0), (1, 2, 1), (2, 2, 1), (0, 1, 1)] {
      summary.add(scores(choice, normalized), answer: answer)
    }
    #expect(summary.accuracy.value == 0.5 && summary.normalizedAccuracy.value == 0.5)
    // √(p (1 − p) / (n − 1)), the sample's standard deviation over √n.
    #expect(summary.accuracy.standardError == (0.25 / 3).squareRoot())
  }

  @Test func comparison() {
    var comparison = ChoiceComparison()
    comparison.add(scores(0, 0), scores(0, 1), answer: 0)
    comparison.add(scores(1, 1), scores(0, 1), answer: 0)
    comparison.add(scores(2, 2), scores(0, 2), answer: nil)
    #expect(comparison.agreement.hits == 1 && comparison.agreement.count == 3)
    #expect(comparison.normalizedAgreement.hits == 2)
    #expect(comparison.discordant.first == 0 && comparison.discordant.second == 1)
    #expect(comparison.normalizedDiscordant.first == 1)
  }

  /// Against the binomial sums as exact fractions.
  @Test(
    arguments: [
      (0, 0, 1.0), (5, 5, 1), (1, 9, 0.021484375), (9, 1, 0.021484375),
      (3, 60, 9.048317650695026e-15), (1000, 1100, 0.030720707864242296),
      (5000, 5300, 0.003215819673645239),
    ])
  func mcNemar(_ first: Int, _ second: Int, _ expected: Double) {
    var comparison = ChoiceComparison()
    for _ in 0..<first { comparison.add(scores(0, 0), scores(1, 1), answer: 0) }
    for _ in 0..<second { comparison.add(scores(1, 1), scores(0, 0), answer: 0) }
    let value = comparison.discordant.pValue
    #expect(abs(value - expected) <= 1e-12 * expected)
  }
}
