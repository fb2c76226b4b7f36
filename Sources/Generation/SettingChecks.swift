/// The numbers that a setting may have.
enum SettingRange {
  /// Above 0 and within single precision, in which scores are computed.
  case positive
  /// From 0 to 1.
  case share

  fileprivate func contains(_ value: Double) -> Bool {
    switch self {
    case .positive: Float(value) >= .leastNormalMagnitude && Float(value).isFinite
    case .share: value >= 0 && value <= 1
    }
  }

  fileprivate var description: String {
    switch self {
    case .positive: "a finite number above 0"
    case .share: "a number from 0 to 1"
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
