/// A pattern as instructions for `PatternMatcher`.
struct PatternProgram: Sendable {
  enum Instruction: Sendable {
    /// One scalar of the set of that number.
    case scalar(Int)
    /// As many scalars of a set as possible, or as few.
    case run(Int, least: Int, most: Int, RepetitionMode)
    case jump(Int)
    /// Go on at `first`; if that leads nowhere, at `second`.
    case split(first: Int, second: Int)
    /// The start and the end of a repetition whose body may be empty: notes the place, and leaves
    /// the repetition if nothing was matched since.
    case enter(slot: Int)
    case again(slot: Int, start: Int)
    /// The instructions up to `end` are matched for themselves.
    case atomic(end: Int)
    case ahead(negated: Bool, end: Int)
    case behind(negated: Bool, least: Int, most: Int, end: Int)
    case anchor(PatternAnchor)
    /// The end of the pattern, or of instructions that are matched for themselves.
    case done
  }

  /// How many instructions a pattern may have when its repetitions are spelled out.
  static let sizeLimit = 20_000

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [PatternSet] = []
  private(set) var slotCount = 0
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
    case .repeated(let body, let least, let most, let mode):
      try compile(body, least: least, most: most, mode)
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
    _ body: PatternNode, least: Int, most: Int?, _ mode: RepetitionMode
  ) throws(PatternError) {
    if case .scalar(let set) = body {
      instructions.append(.run(sets.count, least: least, most: most ?? .max, mode))
      sets.append(set)
    } else if mode == .possessive {
      try enclose(.repeated(body, least: least, most: most, .greedy)) { .atomic(end: $0) }
    } else {
      for _ in 0..<least { try compile(body) }
      if let most {
        try compile(optional: body, count: most - least, mode)
      } else {
        try compile(loop: body, mode)
      }
    }
  }

  private mutating func compile(
    optional body: PatternNode, count: Int, _ mode: RepetitionMode
  ) throws(PatternError) {
    var splits: [Int] = []
    for _ in 0..<count {
      splits.append(reserve())
      try compile(body)
    }
    for split in splits { instructions[split] = branch(split + 1, instructions.count, mode) }
  }

  private mutating func compile(
    loop body: PatternNode, _ mode: RepetitionMode
  ) throws(PatternError) {
    let start = reserve()
    if body.lengths.least == 0 {
      let slot = slotCount
      slotCount += 1
      instructions.append(.enter(slot: slot))
      try compile(body)
      instructions.append(.again(slot: slot, start: start))
    } else {
      try compile(body)
      instructions.append(.jump(start))
    }
    instructions[start] = branch(start + 1, instructions.count, mode)
  }

  private func branch(_ body: Int, _ exit: Int, _ mode: RepetitionMode) -> Instruction {
    mode == .lazy ? .split(first: exit, second: body) : .split(first: body, second: exit)
  }

  /// Makes room for an instruction that is known later.
  private mutating func reserve() -> Int {
    instructions.append(.done)
    return instructions.count - 1
  }
}
