import Diagnostics

/// Reads a regular expression in Oniguruma's syntax.
///
/// What is read but can't be matched faithfully is refused by name, see `PatternError`.
struct PatternParser {
  /// How many scalars a pattern may have, and how deep groups may be nested.
  static let lengthLimit = Limits.patternLength
  static let depthLimit = Limits.patternDepth
  /// How many sets, beside single scalars and ranges, one set may be made of.
  static let setLimit = 64
  /// How many repetitions of repetitions may be written behind each other.
  static let stackLimit = 8

  private let pattern: String
  let scalars: [UInt32]
  var offset = 0
  private var depth = 0
  /// Whether case makes no difference: `(?i)`.
  private var ignoresCase = false

  /// The letter before this place, in lower case, if its case makes no difference.
  private var lastLetter: UInt32?

  init(_ pattern: String) throws(PatternError) {
    self.pattern = pattern
    scalars = pattern.unicodeScalars.map(\.value)
    if scalars.count > Self.lengthLimit { throw .tooLarge(limit: Self.lengthLimit) }
  }

  /// The tree of the whole pattern.
  mutating func parse() throws(PatternError) -> PatternNode {
    let node = try alternatives()
    if offset < scalars.count { throw invalid("a parenthesis without its counterpart") }
    return node
  }

  // MARK: Levels of precedence

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw .tooLarge(limit: Self.depthLimit) }
    let outer = ignoresCase
    defer { ignoresCase = outer }
    var branches = [try sequence()]
    while take("|") {
      lastLetter = nil
      branches.append(try sequence())
    }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let next = peek(), next != "|", next != ")" {
      let start = offset
      let node = try element()
      if next != "(" { try noteLetter(from: start) }
      let repeated = try repetitions(of: node)
      nodes.append(repeated)
    }
    return nodes.isEmpty ? .empty : nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  /// Letters that fold to more than one: ß, ﬀ, ﬁ, ﬂ, ﬆ and those that contain them.
  private static let ligatures: Set<[UInt32]> = Set(
    ["ss", "ff", "fi", "fl", "st"].map { $0.unicodeScalars.map(\.value) })

  /// Takes note of the element from `start` to here, which isn't a group, if it is a letter whose
  /// case makes no difference.
  private mutating func noteLetter(from start: Int) throws(PatternError) {
    let last = lastLetter
    let lower = scalars[start] | 0x20
    let isLetter = offset == start + 1 && (0x61...0x7A).contains(lower)
    lastLetter = ignoresCase && isLetter ? lower : nil
    if let last, let lastLetter, Self.ligatures.contains([last, lastLetter]) {
      throw unsupported("a pair of letters that a ligature equals without regard to case", start)
    }
  }

  private mutating func repetitions(of element: PatternNode) throws(PatternError) -> PatternNode {
    var node = element
    var count = 0
    let start = offset
    while let (least, most, isInterval) = try quantifier() {
      if case .anchor = node { throw invalid("a repetition of nothing", offset - 1) }
      count += 1
      if count > Self.stackLimit { throw .tooLarge(limit: Self.stackLimit) }
      if most == nil, node.lengths.least == 0 {
        throw unsupported("a repetition of what may be empty", start)
      }
      if peek() == "?", !isInterval || least != most {
        throw unsupported("a repetition as short as possible", offset)
      }
      node = .repeated(node, least: least, most: most, isPossessive: !isInterval && take("+"))
    }
    return node
  }

  private mutating func quantifier() throws(PatternError) -> (Int, Int?, isInterval: Bool)? {
    if take("*") { return (0, nil, false) }
    if take("+") { return (1, nil, false) }
    if take("?") { return (0, 1, false) }
    guard peek() == "{", let interval = interval() else { return nil }
    if let most = interval.most, most < interval.least { throw invalid("an interval upside down") }
    if max(interval.least, interval.most ?? 0) > 100_000 { throw invalid("a number too large") }
    offset = interval.end
    return (interval.least, interval.most, true)
  }

  /// `{n}`, `{n,}`, `{,m}` or `{n,m}` at this place; anything else is no interval but text.
  private func interval() -> (least: Int, most: Int?, end: Int)? {
    var place = offset + 1
    func number() -> Int? {
      var value: Int?
      while place < scalars.count, (0x30...0x39).contains(scalars[place]) {
        value = min((value ?? 0) * 10 + Int(scalars[place] - 0x30), 1_000_000)
        place += 1
      }
      return value
    }
    let least = number()
    var most = least
    if place < scalars.count, scalars[place] == 0x2C {
      place += 1
      most = number()
      if least == nil && most == nil { return nil }
    } else if least == nil {
      return nil
    }
    guard place < scalars.count, scalars[place] == 0x7D else { return nil }
    return (least ?? 0, most, place + 1)
  }

  private mutating func element() throws(PatternError) -> PatternNode {
    let start = offset
    let next = scalars[offset]
    offset += 1
    switch Unicode.Scalar(next) {
    case "(": return try group(start)
    case "[": return .scalar(PatternSet(try bracket(start, ignoringCase: ignoresCase)))
    case ".": return .scalar(PatternSet(.complement(.newline)))
    case "^": return .anchor(.lineStart)
    case "$": return .anchor(.lineEnd)
    case "*", "+", "?": throw invalid("a repetition of nothing", start)
    case "\\":
      if let anchor = try anchorEscape(start) { return .anchor(anchor) }
      let escape = try escape(start, ignoringCase: ignoresCase)
      return .scalar(PatternSet(escape.expression))
    default:
      return .scalar(PatternSet(try literal(next, start, ignoringCase: ignoresCase)))
    }
  }

  private mutating func anchorEscape(_ start: Int) throws(PatternError) -> PatternAnchor? {
    let anchor: PatternAnchor
    switch peek() {
    case "A": anchor = .textStart
    case "z": anchor = .textEnd
    case "Z": anchor = .lastLineEnd
    case "b": anchor = .wordBorder
    case "B": anchor = .noWordBorder
    default: return nil
    }
    offset += 1
    return anchor
  }

  // MARK: Groups

  private mutating func group(_ start: Int) throws(PatternError) -> PatternNode {
    guard take("?") else { return try groupBody(start) }
    if take(":") { return try groupBody(start) }
    if take("=") { return .ahead(try groupBody(start), negated: false) }
    if take("!") { return .ahead(try groupBody(start), negated: true) }
    if take(">") { return .atomic(try groupBody(start)) }
    if take("<") {
      if take("=") { return try lookBehind(start, negated: false) }
      if take("!") { return try lookBehind(start, negated: true) }
      throw unsupported("a group with a name", start)
    }
    return try optionGroup(start)
  }

  private mutating func groupBody(_ start: Int) throws(PatternError) -> PatternNode {
    let node = try alternatives()
    guard take(")") else { throw invalid("a parenthesis without its counterpart", start) }
    return node
  }

  private mutating func lookBehind(
    _ start: Int, negated: Bool
  ) throws(PatternError) -> PatternNode {
    let node = try groupBody(start)
    guard let most = node.lengths.most, most <= 255 else {
      throw unsupported("a look-behind of more than 255 characters", start)
    }
    return .behind(node, negated: negated)
  }

  /// `(?i)`, `(?i:…)` or `(?-i:…)`.
  private mutating func optionGroup(_ start: Int) throws(PatternError) -> PatternNode {
    let outer = ignoresCase
    let value = !take("-")
    guard take("i") else {
      throw unsupported("the group (?" + (peek().map { String($0) } ?? ""), start)
    }
    ignoresCase = value
    if take(":") {
      defer {
        ignoresCase = outer
        lastLetter = nil
      }
      return try groupBody(start)
    }
    guard take(")") else { throw invalid("a parenthesis without its counterpart", start) }
    // The rest of the enclosing group, with its alternatives, has the option.
    return try alternatives()
  }

  // MARK: Pieces

  func peek() -> Unicode.Scalar? {
    offset < scalars.count ? Unicode.Scalar(scalars[offset]) : nil
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    offset += 1
    return true
  }

  func invalid(_ reason: String, _ place: Int? = nil) -> PatternError {
    .invalid(pattern: pattern, reason: reason, offset: place ?? offset)
  }

  func unsupported(_ construct: String, _ place: Int) -> PatternError {
    .unsupported(pattern: pattern, construct: construct, offset: place)
  }
}
