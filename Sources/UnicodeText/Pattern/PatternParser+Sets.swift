extension PatternParser {
  typealias Expression = PatternSet.Expression

  /// A scalar that stands for itself.
  func literal(
    _ scalar: UInt32, _ place: Int, ignoringCase: Bool
  ) throws(PatternError) -> Expression {
    ignoringCase ? try folded(scalar...scalar, place) : .scalar(scalar)
  }

  /// Scalars together with those that differ from them in case only.
  ///
  /// Oniguruma folds all of Unicode, to several scalars at times; here ASCII has to do.
  private func folded(
    _ range: ClosedRange<UInt32>, _ place: Int
  ) throws(PatternError) -> Expression {
    guard range.upperBound < 0x80 else {
      throw unsupported("characters beyond ASCII without regard to case", place)
    }
    var ranges: [Expression] = [.ranges([range])]
    for scalar in range where (0x61...0x7A).contains(scalar | 0x20) {
      ranges.append(.scalar(scalar ^ 0x20))
      if scalar | 0x20 == 0x73 { ranges.append(.scalar(0x17F)) }  // s: long s
      if scalar | 0x20 == 0x6B { ranges.append(.scalar(0x212A)) }  // k: Kelvin sign
    }
    return .joined(ranges)
  }

  /// What follows a backslash.
  ///
  /// - Returns: the set, and the scalar if it is a single one that a range may start with.
  mutating func escape(
    _ start: Int, ignoringCase: Bool, inBrackets: Bool = false
  ) throws(PatternError) -> (expression: Expression, scalar: UInt32?) {
    guard let next = peek() else { throw invalid("a backslash at the end", start) }
    offset += 1
    switch next {
    case "s": return (.whiteSpace, nil)
    case "S": return (.complement(.whiteSpace), nil)
    case "d": return (.decimalDigits, nil)
    case "D": return (.complement(.decimalDigits), nil)
    case "w", "W":
      if ignoringCase { throw unsupported("\\\(next) without regard to case", start) }
      let set: Expression = inBrackets ? .bracketedWordScalars : .wordScalars
      return (next == "w" ? set : .complement(set), nil)
    case "p", "P":
      let set = try property(start, ignoringCase: ignoringCase)
      return (next == "p" ? set : .complement(set), nil)
    case "x", "u": break
    case "0"..."9", "a"..."z", "A"..."Z":
      guard let control = Self.controls[next] else {
        throw unsupported("\\\(next)", start)
      }
      return (.scalar(control), control)
    default: return (try literal(next.value, start, ignoringCase: ignoringCase), next.value)
    }
    let value = try hexadecimal(next, start)
    return (try literal(value, start, ignoringCase: ignoringCase), value)
  }

  private static let controls: [Unicode.Scalar: UInt32] = [
    "a": 0x07, "e": 0x1B, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B,
  ]

  /// `\xHH`, `\x{H…}` or `\uHHHH`, behind the letter.
  private mutating func hexadecimal(
    _ letter: Unicode.Scalar, _ start: Int
  ) throws(PatternError) -> UInt32 {
    let isBraced = letter == "x" && take("{")
    let limit = isBraced ? 8 : letter == "x" ? 2 : 4
    var digits = 0
    var value: UInt32 = 0
    while digits < limit, let next = peek(), let digit = Character(next).hexDigitValue,
      next.isASCII
    {
      value = value << 4 | UInt32(digit)
      digits += 1
      offset += 1
    }
    if isBraced && !take("}") { throw invalid("a number without its end", start) }
    guard digits > 0, letter == "x" || digits == 4, Unicode.Scalar(value) != nil else {
      throw invalid("a number that is no character's", start)
    }
    if letter == "x" && !isBraced && value > 0x7F {
      throw unsupported("a single byte beyond ASCII", start)
    }
    return value
  }

  /// `{Name}`.
  private mutating func property(
    _ start: Int, ignoringCase: Bool
  ) throws(PatternError) -> Expression {
    guard take("{") else { throw unsupported("\\p without braces", start) }
    var name = ""
    while let next = peek(), next != "}" {
      name.unicodeScalars.append(next)
      offset += 1
    }
    guard take("}") else { throw invalid("a property without its end", start) }
    guard let set = PatternProperty.expression(named: name) else {
      throw unsupported("the property \\p{\(name)}", start)
    }
    if ignoringCase { throw unsupported("\\p{\(name)} without regard to case", start) }
    return set
  }

  /// `[…]`, behind the opening bracket.
  mutating func bracket(
    _ start: Int, ignoringCase: Bool, depth: Int = 0
  ) throws(PatternError) -> Expression {
    if depth > Self.depthLimit { throw .tooLarge(limit: Self.depthLimit) }
    let isNegated = take("^")
    var operands: [Expression] = []
    var parts: [Expression] = []
    if peek() == "]" { throw unsupported("a set that begins with ]", start) }
    while true {
      guard let next = peek() else { throw invalid("a bracket without its counterpart", start) }
      let place = offset
      offset += 1
      if next == "]" { break }
      if next == "[" {
        if peek() == ":" { throw unsupported("a set of a name in brackets", place) }
        parts.append(try bracket(place, ignoringCase: ignoringCase, depth: depth + 1))
      } else if next == "&", take("&") {
        operands.append(.joined(parts))
        parts = []
      } else {
        parts.append(try member(next, place, ignoringCase: ignoringCase))
      }
    }
    operands.append(.joined(parts))
    let set = operands.count == 1 ? operands[0] : .intersection(operands)
    if set.complexity > Self.setLimit { throw .tooLarge(limit: Self.setLimit) }
    return isNegated ? .complement(set) : set
  }

  /// A single scalar, a range or an escape.
  private mutating func member(
    _ first: Unicode.Scalar, _ place: Int, ignoringCase: Bool
  ) throws(PatternError) -> Expression {
    var single = (
      expression: Expression.scalar(first.value), scalar: first.value as UInt32?
    )
    if first == "\\" {
      single = try bracketEscape(place, ignoringCase: ignoringCase)
    } else {
      single.expression = try literal(first.value, place, ignoringCase: ignoringCase)
    }
    guard let low = single.scalar, peek() == "-", offset + 1 < scalars.count else {
      return single.expression
    }
    let next = scalars[offset + 1]
    if next == 0x5D || next == 0x5B { return single.expression }  // the hyphen is a member
    if next == 0x26, offset + 2 < scalars.count, scalars[offset + 2] == 0x26 {
      return single.expression
    }
    let hyphen = offset
    offset += 2
    var high: UInt32? = next
    if next == 0x5C { high = try bracketEscape(offset - 1, ignoringCase: ignoringCase).scalar }
    guard let high else {
      offset = hyphen  // a set can't end a range, so the hyphen is a member
      return single.expression
    }
    guard low <= high else { throw invalid("a range upside down", place) }
    return ignoringCase ? try folded(low...high, place) : .ranges([low...high])
  }

  private mutating func bracketEscape(
    _ place: Int, ignoringCase: Bool
  ) throws(PatternError) -> (expression: Expression, scalar: UInt32?) {
    if take("b") { return (.scalar(0x08), 0x08) }
    return try escape(place, ignoringCase: ignoringCase, inBrackets: true)
  }
}
