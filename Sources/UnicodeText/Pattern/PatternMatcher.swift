/// Matches a program at places of a text, trying alternatives in the order of the pattern.
///
/// Backtracking takes time exponential in the text for some patterns, so that every step counts
/// against a limit; what is still to be tried counts against another.
struct PatternMatcher {
  /// Where to go on when an attempt fails.
  private enum Alternative {
    case branch(instruction: Int, offset: Int)
    /// A run that may be shorter, scalar by scalar, down to `floor`.
    case shorterRun(instruction: Int, offset: Int, floor: Int)
  }

  /// Why matching was given up.
  enum Excess: Error {
    case steps, alternatives
  }

  static let alternativeLimit = 1 << 20

  private let program: PatternProgram
  private let range: Range<Int>
  private let stepLimit: Int
  private var steps = 0
  private var alternatives: [Alternative] = []

  init(_ program: PatternProgram, _ range: Range<Int>, stepLimit: Int) {
    self.program = program
    self.range = range
    self.stepLimit = stepLimit
  }

  /// The end of the match that starts at `start`, if there is one.
  mutating func match(_ text: Span<UInt8>, at start: Int) throws(Excess) -> Int? {
    try run(text, instruction: 0, at: start, until: nil)
  }

  /// Runs the instructions from `instruction` until `done`; the match must end at `end`, if given.
  private mutating func run(
    _ text: Span<UInt8>, instruction: Int, at start: Int, until end: Int?
  ) throws(Excess) -> Int? {
    let base = alternatives.count
    defer { alternatives.removeLast(alternatives.count - base) }
    var instruction = instruction
    var offset = start
    while true {
      steps += 1
      if steps > stepLimit { throw .steps }
      if alternatives.count > Self.alternativeLimit { throw .alternatives }
      var isMatched = true
      switch program.instructions[instruction] {
      case .done:
        if end == nil || end == offset { return offset }
        isMatched = false
      case .scalar(let set):
        isMatched = take(text, set, &offset)
        instruction += 1
      case .run(let set, let least, let most, let isPossessive):
        instruction += 1
        isMatched = takeRun(text, set, least, most, isPossessive, &offset, then: instruction)
      case .jump(let target): instruction = target
      case .split(let first, let second):
        alternatives.append(.branch(instruction: second, offset: offset))
        instruction = first
      case .atomic(let next):
        if let matched = try run(text, instruction: instruction + 1, at: offset, until: nil) {
          offset = matched
        } else {
          isMatched = false
        }
        instruction = next
      case .ahead(let negated, let next):
        let found = try run(text, instruction: instruction + 1, at: offset, until: nil) != nil
        isMatched = found != negated
        instruction = next
      case .behind(let negated, let least, let most, let next):
        let found = try lookBehind(text, instruction + 1, offset, least, most)
        isMatched = found != negated
        instruction = next
      case .anchor(let anchor):
        isMatched = holds(anchor, text, offset)
        instruction += 1
      }
      if !isMatched && !backtrack(text, to: base, &instruction, &offset) { return nil }
    }
  }

  /// Goes back to the last alternative above `base`; false if there is none.
  private mutating func backtrack(
    _ text: Span<UInt8>, to base: Int, _ instruction: inout Int, _ offset: inout Int
  ) -> Bool {
    guard alternatives.count > base else { return false }
    switch alternatives.removeLast() {
    case .branch(let next, let place):
      instruction = next
      offset = place
    case .shorterRun(let next, let place, let floor):
      instruction = next
      offset = text.scalarStart(before: place, from: floor)
      if offset > floor {
        alternatives.append(.shorterRun(instruction: next, offset: offset, floor: floor))
      }
    }
    return true
  }

  /// Takes one scalar if it is in the set.
  @inline(__always)
  private func take(_ text: Span<UInt8>, _ set: Int, _ offset: inout Int) -> Bool {
    guard offset < range.upperBound else { return false }
    let scalar = text.scalar(at: offset, before: range.upperBound)
    guard program.sets[set].contains(scalar.value) else { return false }
    offset += scalar.length
    return true
  }

  private mutating func takeRun(
    _ text: Span<UInt8>, _ set: Int, _ least: Int, _ most: Int, _ isPossessive: Bool,
    _ offset: inout Int, then instruction: Int
  ) -> Bool {
    var count = 0
    while count < least {
      guard take(text, set, &offset) else { return false }
      count += 1
    }
    let floor = offset
    while count < most, take(text, set, &offset) { count += 1 }
    if !isPossessive && offset > floor {
      alternatives.append(.shorterRun(instruction: instruction, offset: offset, floor: floor))
    }
    steps += count
    return true
  }

  private mutating func lookBehind(
    _ text: Span<UInt8>, _ instruction: Int, _ offset: Int, _ least: Int, _ most: Int
  ) throws(Excess) -> Bool {
    var start = offset
    var count = 0
    while true {
      if count >= least,
        try run(text, instruction: instruction, at: start, until: offset) != nil
      {
        return true
      }
      guard count < most, start > range.lowerBound else { return false }
      start = text.scalarStart(before: start, from: range.lowerBound)
      count += 1
    }
  }

  private func holds(_ anchor: PatternAnchor, _ text: Span<UInt8>, _ offset: Int) -> Bool {
    switch anchor {
    case .textStart: offset == range.lowerBound
    case .textEnd: offset == range.upperBound
    case .lastLineEnd:
      offset == range.upperBound || offset == range.upperBound - 1 && text[offset] == 0x0A
    case .lineStart:
      offset == range.lowerBound || offset < range.upperBound && text[offset - 1] == 0x0A
    case .lineEnd: offset == range.upperBound || text[offset] == 0x0A
    case .wordBorder: isWordBorder(text, offset)
    case .noWordBorder: !isWordBorder(text, offset)
    }
  }

  private func isWordBorder(_ text: Span<UInt8>, _ offset: Int) -> Bool {
    let words = PatternSet.Expression.wordScalars
    var isBefore = false
    if offset > range.lowerBound {
      let start = text.scalarStart(before: offset, from: range.lowerBound)
      isBefore = words.contains(text.scalar(at: start, before: offset).value)
    }
    let isAfter =
      offset < range.upperBound
      && words.contains(text.scalar(at: offset, before: range.upperBound).value)
    return isBefore != isAfter
  }
}
