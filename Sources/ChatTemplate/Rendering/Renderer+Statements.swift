/// Running statements.
extension Renderer {
  /// Runs statements one after the other.
  func execute(_ statements: [Statement], _ scope: Scope) throws(Fault) -> Flow {
    try enter()
    defer { leave() }
    for statement in statements {
      try step()
      let flow = try execute(statement, scope)
      if flow != .next { return flow }
    }
    return .next
  }

  private func execute(_ statement: Statement, _ scope: Scope) throws(Fault) -> Flow {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression):
      let value = try evaluate(expression, scope)
      place = statement.place
      try write(try string(value))
    case .assign(let target, let expression):
      let value = try evaluate(expression, scope)
      place = statement.place
      try assign(target, value, scope)
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test, scope).isTrue {
        return try execute(branch.body, scope)
      }
      return otherwise.isEmpty ? .next : try execute(otherwise, scope)
    case .loop(let loop): return try execute(loop, scope, statement.place)
    case .macro(let name, let definition): scope.set(name, try macro(definition, scope))
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    case .assignBlock, .filterBlock, .callBlock:
      return try executeBlock(statement, scope)
    }
    return .next
  }

  private func executeBlock(_ statement: Statement, _ scope: Scope) throws(Fault) -> Flow {
    switch statement.kind {
    case .assignBlock(let target, let filters, let block):
      let (value, flow) = try captured(block, filters, scope)
      guard let value else { return flow }
      place = statement.place
      try assign(target, value, scope)
    case .filterBlock(let filters, let block):
      let (value, flow) = try captured(block, filters, scope)
      guard let value else { return flow }
      try write(try string(value))
    case .callBlock(let definition, let callee, let arguments):
      let function = try evaluate(callee, scope)
      var arguments = try evaluate(arguments, scope)
      place = statement.place
      try arguments.add("caller", try macro(definition, scope))
      try write(try string(try call(function, arguments)))
    default: break
    }
    return .next
  }

  /// What filters make of a block's text; nil where `break` or `continue` leads out of it.
  private func captured(
    _ block: Block, _ filters: [Link], _ outer: Scope
  ) throws(Fault) -> (Value?, Flow) {
    let scope = inner(block.frame, outer)
    let (text, flow) = try capture { () throws(Fault) in try execute(block.body, scope) }
    return (flow == .next ? try apply(filters, to: .string(text), scope) : nil, flow)
  }

  /// A scope inside of another, at its beginning.
  func inner(_ frame: Frame, _ outer: Scope) -> Scope {
    let scope = Scope(frame, parent: outer)
    scope.start(globals)
    return scope
  }

  private func macro(_ definition: MacroDefinition, _ scope: Scope) throws(Fault) -> Value {
    .macro(try register(MacroObject(definition, scope: scope)))
  }

  // MARK: Assignments

  /// Gives a target a value, item by item if it is a tuple.
  func assign(_ target: Target, _ value: Value, _ scope: Scope) throws(Fault) {
    switch target {
    case .name(let name): scope.set(name, value)
    case .attribute(let name, let attribute):
      guard case .namespace(let object)? = scope.value(name, globals) else {
        throw .type("cannot assign attribute on non-namespace object")
      }
      try setAttribute(attribute, of: object, value)
    case .tuple(let targets):
      var items: [Value] = []
      let iterator = try makeIterator(value)
      while items.count <= targets.count, let item = try iterator.next(self) { items.append(item) }
      guard items.count <= targets.count else {
        throw .value("too many values to unpack (expected \(targets.count))")
      }
      guard items.count == targets.count else {
        throw .value(
          "not enough values to unpack (expected \(targets.count), got \(items.count))")
      }
      for (target, item) in zip(targets, items) { try assign(target, item, scope) }
    }
  }

  private func setAttribute(
    _ name: String, of object: NamespaceObject, _ value: Value
  ) throws(Fault) {
    try Self.checkNamespaceName(name)
    try charge(bytes: Self.itemBytes)
    try object.attributes.set(.string(Text(name)), value)
  }

  static func checkNamespaceName(_ name: String) throws(Fault) {
    if name.hasPrefix("_") {
      throw .unsafeAttribute(
        "Chat templates cannot store underscore-prefixed attributes on a namespace, but got "
          + "\(Value.repr(of: name))")
    }
  }
}
