/// A share of questions, with the standard error of a mean.
public struct ChoiceAccuracy: Equatable, Sendable {
  /// Questions of which it holds.
  public private(set) var hits = 0
  /// Questions.
  public private(set) var count = 0

  /// Of no question yet.
  public init() {}

  mutating func add(_ hit: Bool) {
    hits += hit ? 1 : 0
    count += 1
  }

  /// The share; nil of no question.
  public var value: Double? { count > 0 ? Double(hits) / Double(count) : nil }

  /// √(p (1 − p) / (n − 1)), as lm-evaluation-harness has it; nil of fewer than two questions.
  public var standardError: Double? {
    guard let value, count > 1 else { return nil }
    return (value * (1 - value) / Double(count - 1)).squareRoot()
  }
}

/// Questions that one of two models has right and the other wrong.
public struct DiscordantPairs: Equatable, Sendable {
  /// Which only the first has right.
  public private(set) var first = 0
  /// Which only the second has right.
  public private(set) var second = 0

  /// Of no question yet.
  public init() {}

  mutating func add(first isFirst: Bool, second isSecond: Bool) {
    if isFirst, !isSecond { first += 1 }
    if isSecond, !isFirst { second += 1 }
  }

  /// McNemar's exact test (1947; by the binomial distribution): how likely pairs are at least as
  /// unequal as these if both models are as good.
  public var pValue: Double {
    let count = first + second
    guard count > 0 else { return 1 }
    // P(k) for k = 0, 1, … up to the lesser of both, from each other, as 2^exponent times `term`:
    // 2^-count alone is too little for a number.
    var (term, exponent, sum) = (1.0, -count, 0.0)
    for k in 0...min(first, second) {
      sum += term
      term *= Double(count - k) / Double(k + 1)
      if sum + term > 0x1p500 {
        (term, sum) = (term * 0x1p-500, sum * 0x1p-500)
        exponent += 500
      }
    }
    let tail = Double(sign: .plus, exponent: exponent + 1, significand: sum)
    return min(1, tail)
  }
}

/// How many of some questions a model has right.
public struct ChoiceSummary: Equatable, Sendable {
  /// By likelihood.
  public private(set) var accuracy = ChoiceAccuracy()
  /// By likelihood per byte.
  public private(set) var normalizedAccuracy = ChoiceAccuracy()

  /// Of no question yet.
  public init() {}

  /// Adds a question whose answer is known.
  public mutating func add(_ scores: ChoiceScores, answer: Int) {
    accuracy.add(scores.choice == answer)
    normalizedAccuracy.add(scores.normalizedChoice == answer)
  }
}

/// What two models make of the same questions.
public struct ChoiceComparison: Equatable, Sendable {
  /// Questions where both choose the same by likelihood.
  public private(set) var agreement = ChoiceAccuracy()
  /// The same by likelihood per byte.
  public private(set) var normalizedAgreement = ChoiceAccuracy()
  /// By likelihood.
  public private(set) var discordant = DiscordantPairs()
  /// By likelihood per byte.
  public private(set) var normalizedDiscordant = DiscordantPairs()

  /// Of no question yet.
  public init() {}

  /// Adds a question, whose answer may be known.
  public mutating func add(_ first: ChoiceScores, _ second: ChoiceScores, answer: Int?) {
    agreement.add(first.choice == second.choice)
    normalizedAgreement.add(first.normalizedChoice == second.normalizedChoice)
    guard let answer else { return }
    discordant.add(first: first.choice == answer, second: second.choice == answer)
    normalizedDiscordant.add(
      first: first.normalizedChoice == answer, second: second.normalizedChoice == answer)
  }
}
