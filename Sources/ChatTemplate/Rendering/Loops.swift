/// Running loops.
extension Renderer {
  func execute(
    _ statement: LoopStatement, _ scope: Scope, _ place: Int
  ) throws(Fault) -> Flow {
    let items = try evaluate(statement.items, scope)
    self.place = place
    var source = try makeIterator(items)
    if let test = statement.test { source = filtered(source, statement, test, scope) }
    let loop = LoopObject(source, knownLength: statement.test == nil ? items.knownLength : nil)
    defer { loop.release() }
    try charge(bytes: 8 * Self.itemBytes)
    let body = Scope(statement.body.frame, parent: scope)
    if let name = body.frame.slots.first?.name { body.set(name, .loop(loop)) }
    var isEmpty = true
    while let item = try loop.advance(self) {
      try step()
      try assign(statement.target, item, body)
      body.start(globals)
      let flow = try execute(statement.body.body, body)
      // Jinja2 takes note at the end of the body, which `break` and `continue` don't reach.
      if flow == .next { isEmpty = false }
      if flow == .breakLoop { break }
    }
    body.clear()
    guard isEmpty, !statement.otherwise.body.isEmpty else { return .next }
    return try execute(statement.otherwise.body, inner(statement.otherwise.frame, scope))
  }

  /// The items for which the condition after `if` holds, tested when the loop gets there.
  private func filtered(
    _ source: LazyIterator, _ statement: LoopStatement, _ test: Expression, _ scope: Scope
  ) -> LazyIterator {
    let inner = inner(statement.testFrame, scope)
    return LazyIterator(depth: source.depth) { renderer throws(Fault) in
      while let item = try source.next(renderer) {
        try renderer.assign(statement.target, item, inner)
        if try renderer.evaluate(test, inner).isTrue { return item }
      }
      return nil
    }
  }
}

/// The variable `loop` of a `for` statement.
final class LoopObject {
  /// The index of the current item; -1 before the first.
  private(set) var index0 = -1
  /// How many items there are, where that is known from the beginning.
  private let knownLength: Int?
  private var source: LazyIterator?
  /// The items that were read from the source, up to the current one or beyond it.
  private var items: [Value] = []

  init(_ source: LazyIterator, knownLength: Int?) {
    self.source = source
    self.knownLength = knownLength
  }

  /// Goes to the next item.
  func advance(_ renderer: Renderer) throws(Fault) -> Value? {
    guard let item = try item(index0 + 1, renderer) else { return nil }
    index0 += 1
    return item
  }

  /// An item, which is read from the source if need be.
  private func item(_ index: Int, _ renderer: Renderer) throws(Fault) -> Value? {
    while items.count <= index {
      guard let item = try source?.next(renderer) else { return nil }
      items.append(item)
    }
    return items[index]
  }

  /// The number of all items; a lazy sequence is read to its end for it.
  func length(_ renderer: Renderer) throws(Fault) -> Int {
    if let knownLength { return knownLength }
    while try item(items.count, renderer) != nil { try renderer.charge(bytes: Renderer.itemBytes) }
    return items.count
  }

  /// An attribute, or nil if the loop has none of that name.
  func attribute(_ name: Text, _ renderer: Renderer) throws(Fault) -> Value? {
    switch name.string {
    case "index0": return .int(index0)
    case "index": return .int(index0 + 1)
    case "revindex": return .int(try length(renderer) - index0)
    case "revindex0": return .int(try length(renderer) - index0 - 1)
    case "first": return .bool(index0 == 0)
    case "last": return .bool(try item(index0 + 1, renderer) == nil)
    case "length": return .int(try length(renderer))
    case "previtem":
      guard index0 > 0, index0 <= items.count else { return .missing("there is no previous item") }
      return items[index0 - 1]
    case "nextitem":
      return try item(index0 + 1, renderer)
        ?? .missing("there is no next item")
    case "depth", "depth0": throw .unsupported("the attribute 'loop.\(name.string)'")
    default: return nil
    }
  }

  /// Lets go of the items when the loop is over.
  func release() {
    source = nil
    items = []
  }
}
