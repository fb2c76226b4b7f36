/// The scalars that one place of a pattern stands for.
struct PatternSet: Sendable {
  /// How a set is put together.
  indirect enum Expression: Sendable {
    /// Ascending, none touching another.
    case ranges([ClosedRange<UInt32>])
    case categories(UInt32)
    case union([Expression])
    case intersection([Expression])
    case complement(Expression)

    func contains(_ scalar: UInt32) -> Bool {
      switch self {
      case .ranges(let ranges): Self.search(ranges, scalar)
      case .categories(let bits): bits & CategoryTable.shared.bit(of: scalar) != 0
      case .union(let parts): parts.contains { $0.contains(scalar) }
      case .intersection(let parts): parts.allSatisfy { $0.contains(scalar) }
      case .complement(let part): !part.contains(scalar)
      }
    }

    private static func search(_ ranges: [ClosedRange<UInt32>], _ scalar: UInt32) -> Bool {
      var low = 0
      var high = ranges.count
      while low < high {
        let middle = (low + high) / 2
        if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
      }
      return low < ranges.count && ranges[low].lowerBound <= scalar
    }
  }

  let expression: Expression
  /// Which scalars below 64, and from there below 128, are in the set.
  private let ascii: (UInt64, UInt64)

  init(_ expression: Expression) {
    self.expression = expression
    var low: UInt64 = 0
    var high: UInt64 = 0
    for scalar in UInt32(0)..<64 {
      if expression.contains(scalar) { low |= 1 << UInt64(scalar) }
      if expression.contains(scalar + 64) { high |= 1 << UInt64(scalar) }
    }
    ascii = (low, high)
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return ascii.0 >> UInt64(scalar) & 1 != 0 }
    if scalar < 128 { return ascii.1 >> UInt64(scalar - 64) & 1 != 0 }
    return expression.contains(scalar)
  }
}

extension PatternSet.Expression {
  static let newline = Self.ranges([0x0A...0x0A])
  static let han: Self = {
    let bounds = CategoryTable.han.bounds
    return .ranges(stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]...bounds[$0 + 1] })
  }()
  static let whiteSpace = Self.categories(ScalarSet.whiteSpace.categories)
  static let decimalDigits = Self.categories(ScalarSet.decimalDigits.categories)
  /// `\w` of Oniguruma within brackets: that of Rust without join controls.
  static let bracketedWordScalars = Self.categories(ScalarSet.wordScalars.categories)
  /// `\w` of Oniguruma elsewhere: superscript digits and fractions of Latin-1, too.
  static let wordScalars = Self.union([
    bracketedWordScalars, .ranges([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]),
  ])

  /// How many parts an expression has that are looked at one after the other.
  var complexity: Int {
    switch self {
    case .ranges, .categories: 1
    case .union(let parts), .intersection(let parts): parts.reduce(1) { $0 + $1.complexity }
    case .complement(let part): 1 + part.complexity
    }
  }

  /// The union of expressions, with ranges and categories put together.
  static func joined(_ parts: [Self]) -> Self {
    var ranges: [ClosedRange<UInt32>] = []
    var bits: UInt32 = 0
    var others: [Self] = []
    for part in parts {
      switch part {
      case .ranges(let more): ranges += more
      case .categories(let more): bits |= more
      default: others.append(part)
      }
    }
    if !ranges.isEmpty { others.append(.ranges(merged(ranges))) }
    if bits != 0 { others.append(.categories(bits)) }
    return others.count == 1 ? others[0] : .union(others)
  }

  private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  static func scalar(_ value: UInt32) -> Self { .ranges([value...value]) }
}
