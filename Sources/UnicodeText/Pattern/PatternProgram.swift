import Diagnostics

/// A pattern as instructions for `PatternMatcher`.
struct PatternProgram: Sendable {
  enum Instruction: Sendable {
    /// One scalar of the set at that index of `sets`.
    case scalar(Int)
    /// As many scalars of a set as possible; fewer are tried later unless it is possessive.
    case run(Int, least: Int, most: Int, isPossessive: Bool)
    case jump(Int)
    /// Go on at `first`; if that leads nowhere, at `second`.
    case split(first: Int, second: Int)
    /// The instructions up to `end` are matched for themselves.
    case atomic(end: Int)
    case ahead(negated: Bool, end: Int)
    case behind(negated: Bool, least: Int, most: Int, end: Int)
    case anchor(PatternAnchor)
    /// The end of the pattern, or of instructions that are matched for themselves.
    case done
  }

  /// How many instructions a pattern may have when its repetitions are spelled out.
  static let sizeLimit = Limits.patternProgram

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [PatternSet] = []
  private var work = 0

  /// The program of a pattern.
  init(_ node: PatternNode) throws(PatternError) {
    try compile(node)
    instructions.append(.done)
  }

  private mutating func compile(_ node: PatternNode) throws(PatternError) {
    work += 1  // also counts what leaves no instruction behind
    if max(work, instructions.count) > Self.sizeLimit { throw .tooLarge(limit: Self.sizeLimit) }
    switch node {
    case .empty: break
    case .scalar(let set):
      instructions.append(.scalar(sets.count))
      sets.append(set)
    case .sequence(let nodes):
      for node in nodes { try compile(node) }
    case .alternatives(let nodes): try compile(alternatives: nodes)
    case .repeated(let body, let least, let most, let isPossessive):
      try compile(body, least: least, most: most, isPossessive)
    case .atomic(let body):
      try enclose(body) { .atomic(end: $0) }
    case .ahead(let body, let negated):
      try enclose(body) { .ahead(negated: negated, end: $0) }
    case .behind(let body, let negated):
      let lengths = body.lengths
      try enclose(body) {
        .behind(negated: negated, least: lengths.least, most: lengths.most ?? 0, end: $0)
      }
    case .anchor(let anchor): instructions.append(.anchor(anchor))
    }
  }

  private mutating func enclose(
    _ body: PatternNode, _ instruction: (_ end: Int) -> Instruction
  ) throws(PatternError) {
    let start = reserve()
    try compile(body)
    instructions.append(.done)
    instructions[start] = instruction(instructions.count)
  }

  private mutating func compile(alternatives nodes: [PatternNode]) throws(PatternError) {
    var jumps: [Int] = []
    for node in nodes.dropLast() {
      let split = reserve()
      try compile(node)
      jumps.append(reserve())
      instructions[split] = .split(first: split + 1, second: instructions.count)
    }
    if let last = nodes.last { try compile(last) }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func compile(
    _ body: PatternNode, least: Int, most: Int?, _ isPossessive: Bool
  ) throws(PatternError) {
    if case .scalar(let set) = body {
      instructions.append(
        .run(sets.count, least: least, most: most ?? .max, isPossessive: isPossessive))
      sets.append(set)
      return
    }
    if isPossessive {
      return try enclose(.repeated(body, least: least, most: most, isPossessive: false)) {
        .atomic(end: $0)
      }
    }
    for _ in 0..<least { try compile(body) }
    var splits: [Int] = []
    for _ in 0..<(most.map { $0 - least } ?? 1) {
      splits.append(reserve())
      try compile(body)
    }
    if most == nil, let start = splits.first { instructions.append(.jump(start)) }
    for split in splits {
      instructions[split] = .split(first: split + 1, second: instructions.count)
    }
  }

  /// Makes room for an instruction that is known later.
  private mutating func reserve() -> Int {
    instructions.append(.done)
    return instructions.count - 1
  }
}
