/// Running loops.
extension Renderer {
  func execute(
    _ statement: LoopStatement, _ scope: Scope, _ place: Int
  ) throws(Fault) -> Flow {
    let items = try evaluate(statement.items, scope)
    self.place = place
    var source = try makeIterator(items)
    if let test = statement.test { source = filtered(source, statement, test, scope) }
    let loop = LoopObject(source, knownLength: statement.test == nil ? knownLength(items) : nil)
    try register(loop)
    let inner = Scope(statement.body.frame, parent: scope)
    if let name = inner.frame.slots.first?.name { inner.set(name, .loop(loop)) }
    var isEmpty = true
    while let item = try loop.advance(self) {
      try step()
      try assign(statement.target, item, inner)
      inner.start(globals)
      let flow = try execute(statement.body.body, inner)
      // Jinja2 takes note at the end of the body, which `break` and `continue` don't reach.
      if flow == .next { isEmpty = false }
      if flow == .breakLoop { break }
    }
    inner.clear()
    guard isEmpty, !statement.otherwise.body.isEmpty else { return .next }
    let other = Scope(statement.otherwise.frame, parent: scope)
    other.start(globals)
    return try execute(statement.otherwise.body, other)
  }

  /// The items for which the condition after `if` holds, tested when the loop gets there.
  private func filtered(
    _ source: LazyIterator, _ statement: LoopStatement, _ test: Expression, _ scope: Scope
  ) -> LazyIterator {
    let inner = Scope(statement.testFrame, parent: scope)
    inner.start(globals)
    return LazyIterator("generator", depth: source.depth) { renderer throws(Fault) in
      while let item = try source.next(renderer) {
        try renderer.assign(statement.target, item, inner)
        if try renderer.evaluate(test, inner).isTrue { return item }
      }
      return nil
    }
  }
}
