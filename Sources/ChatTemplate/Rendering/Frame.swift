/// The variables of a block, as jinja2's compiler finds them.
///
/// Jinja2 decides once, from the source, which block a variable belongs to. A name that a block
/// sets is the block's own and starts with the value that it has outside, but with two
/// surprises that templates may depend on: if nothing outside of the block mentions a name and
/// the block sets it before reading it, the name is undefined until then, even where the caller
/// gave a variable of that name; and what loops inside read is the name of the block.
struct Frame: Sendable {
  enum Start: Sendable {
    /// Set from outside: a parameter or the target of a loop.
    case parameter
    /// The value that the name has outside.
    case outer
    /// The value of an enclosing block that mentions the name; otherwise none.
    case outerIfMentioned
  }

  struct Slot: Sendable {
    let name: NameID
    let start: Start
  }

  private(set) var slots: [Slot] = []
  private(set) var indices: [NameID: Int] = [:]
  /// All names that the block itself mentions.
  private(set) var mentioned: Set<NameID> = []

  private mutating func add(_ name: NameID, _ start: Start) {
    guard indices[name] == nil else { return }
    indices[name] = slots.count
    slots.append(Slot(name: name, start: start))
  }

  mutating func declare(_ name: NameID) {
    mentioned.insert(name)
    if let index = indices[name] {
      slots[index] = Slot(name: name, start: .parameter)
    } else {
      add(name, .parameter)
    }
  }

  mutating func declare(_ target: Target) {
    var names: [NameID] = []
    target.forEachName { names.append($0) }
    for name in names { declare(name) }
  }

  private mutating func load(_ name: NameID) { mentioned.insert(name) }

  private mutating func store(_ name: NameID, inBranch: Bool) {
    let isKnown = mentioned.contains(name)
    mentioned.insert(name)
    add(name, isKnown || inBranch ? .outer : .outerIfMentioned)
  }

  // MARK: Finding the names

  /// Takes note of what statements read and set, in the order of jinja2's compiler; blocks with
  /// frames of their own are not entered.
  mutating func scan(_ statements: [Statement], inBranch: Bool = false) {
    for statement in statements { scan(statement, inBranch) }
  }

  private mutating func scan(_ statement: Statement, _ inBranch: Bool) {
    switch statement.kind {
    case .text, .breakLoop, .continueLoop: break
    case .output(let expression): scan(expression)
    case .assign(let target, let expression):
      scan(expression)
      store(target, inBranch)
    case .assignBlock(let target, _, _): store(target, inBranch)
    case .condition(let branches, let otherwise):
      // The first test stands outside of the branches, the others in them.
      for branch in branches {
        scan(branch.test)
        scan(branch.body, inBranch: true)
      }
      scan(otherwise, inBranch: true)
    case .loop(let loop): scan(loop.items)
    case .macro(let name, _): store(name, inBranch: inBranch)
    case .callBlock(_, let callee, let arguments):
      scan(callee)
      scan(arguments)
    case .filterBlock(let links, _): for link in links { scan(link) }
    }
  }

  private mutating func store(_ target: Target, _ inBranch: Bool) {
    switch target {
    case .name(let name): store(name, inBranch: inBranch)
    case .attribute(let name, _): load(name)
    case .tuple(let targets): for target in targets { store(target, inBranch) }
    }
  }

  mutating func scan(_ expression: Expression) {
    switch expression.kind {
    case .literal: break
    case .name(let name): load(name)
    case .list(let items), .tuple(let items), .or(let items), .and(let items), .concat(let items):
      for item in items { scan(item) }
    case .dict(let pairs):
      for pair in pairs {
        scan(pair.key)
        scan(pair.value)
      }
    case .conditional(let test, let then, let otherwise):
      scan(test)
      scan(then)
      if let otherwise { scan(otherwise) }
    case .not(let inner), .negative(let inner): scan(inner)
    case .compare(let first, let others):
      scan(first)
      for other in others { scan(other.value) }
    case .arithmetic(let first, let operands):
      scan(first)
      for operand in operands { scan(operand.value) }
    case .chain(let base, let links):
      scan(base)
      for link in links { scan(link) }
    }
  }

  mutating func scan(_ link: Link) {
    switch link.kind {
    case .attribute, .unknown: break
    case .item(let expression): scan(expression)
    case .slice(let start, let stop, let step):
      for part in [start, stop, step] { if let part { scan(part) } }
    case .call(let arguments), .filter(_, let arguments), .test(_, let arguments, _):
      scan(arguments)
    }
  }

  private mutating func scan(_ arguments: CallArguments) {
    for argument in arguments.positional { scan(argument) }
    for keyword in arguments.keywords { scan(keyword.value) }
    if let list = arguments.unpackedList { scan(list) }
    if let dict = arguments.unpackedDict { scan(dict) }
  }
}
