/// The variables of a block while it runs.
final class Scope {
  let frame: Frame
  let parent: Scope?
  private var values: [Value?]

  init(_ frame: Frame, parent: Scope?) {
    self.frame = frame
    self.parent = parent
    values = Array(repeating: nil, count: frame.slots.count)
  }

  /// The value of a name, or nil where it has none.
  func value(_ name: NameID, _ globals: [Value?]) -> Value? {
    var scope = self
    while true {
      if let index = scope.frame.indices[name] { return scope.values[index] }
      guard let parent = scope.parent else { return globals[name] }
      scope = parent
    }
  }

  /// Gives a name that belongs to this block or to one around it a value.
  func set(_ name: NameID, _ value: Value?) {
    if let index = frame.indices[name] {
      values[index] = value
    } else {
      parent?.set(name, value)
    }
  }

  /// Gives the block's names the values that they have at its beginning.
  func start(_ globals: [Value?]) {
    for (index, slot) in frame.slots.enumerated() {
      switch slot.start {
      case .parameter: break
      case .outer: values[index] = outer(slot.name, globals)
      case .outerIfMentioned:
        values[index] = isMentionedOutside(slot.name) ? outer(slot.name, globals) : nil
      }
    }
  }

  /// Forgets all values.
  func clear() {
    for index in values.indices { values[index] = nil }
  }

  private func outer(_ name: NameID, _ globals: [Value?]) -> Value? {
    parent.map { $0.value(name, globals) } ?? globals[name]
  }

  private func isMentionedOutside(_ name: NameID) -> Bool {
    var scope = parent
    while let current = scope {
      if current.frame.mentioned.contains(name) { return true }
      scope = current.parent
    }
    return false
  }
}
