/// The numbers that a setting may have.
enum SettingRange {
  /// Above 0 and within single precision, in which scores are computed.
  case positive
  /// From 0 to 1.
  case share
  /// Within single precision.
  case finite

  fileprivate func contains(_ value: Double) -> Bool {
    switch self {
    case .positive: Float(value) >= .leastNormalMagnitude && Float(value).isFinite
    case .share: value >= 0 && value <= 1
    case .finite: Float(value).isFinite
    }
  }

  fileprivate var description: String {
    switch self {
    case .positive: "a finite number above 0"
    case .share: "a number from 0 to 1"
    case .finite: "a finite number"
    }
  }
}

// Values are checked alike wherever they come from.
extension Setting {
  /// Checks a number, which is nil where it is too large for one.
  func check(
    _ value: Double?, _ range: SettingRange, found: String
  ) throws(GenerationError) -> Double {
    guard let value, range.contains(value) else {
      throw .outOfRange(self, expected: range.description, found: found)
    }
    return value
  }

  /// Checks a whole number.
  func check(_ value: Int, from least: Int) throws(GenerationError) -> Int {
    guard value >= least else {
      throw .outOfRange(self, expected: "a whole number from \(least) on", found: "\(value)")
    }
    return value
  }

  /// Checks texts.
  func check(_ texts: [String]) throws(GenerationError) -> [String] {
    guard texts.allSatisfy({ !$0.isEmpty }) else {
      throw .outOfRange(self, expected: "a text of at least one character", found: "empty")
    }
    return texts
  }
}

extension SamplingOptions {
  /// Checks that a model has the tokens that have a bias.
  func checkBiases(vocabulary: Int) throws(GenerationError) {
    guard let id = logitBias.keys.first(where: { !(0..<vocabulary).contains($0) }) else { return }
    throw .outOfRange(
      .option("logit_bias"), expected: "given for ids below \(vocabulary)", found: "for \(id)")
  }
}
