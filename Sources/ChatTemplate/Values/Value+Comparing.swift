/// Equality, order and membership, as Python has them.
extension Renderer {
  /// Whether two values are equal.
  func areEqual(_ left: Value, _ right: Value) throws(Fault) -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.null, .null): return true
    case (.string(let a), .string(let b)), (.string(let a), .markup(let b)),
      (.markup(let a), .string(let b)), (.markup(let a), .markup(let b)):
      if a.bytes.count != b.bytes.count { return false }
      try charge(work: a.bytes.count)
      return a == b
    case (.int, .int), (.bool, .bool), (.bool, .int), (.int, .bool):
      return left.integer == right.integer
    case (.large(let a), .large(let b)): return a == b
    case (.large, .double), (.double, .large): throw .overflow("an integer beside a float")
    case (.bool, .double), (.int, .double), (.double, .bool), (.double, .int),
      (.double, .double):
      return left.number == right.number
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a === b ? true : try areEqual(a.items, b.items)
    case (.dict(let a), .dict(let b)): return a === b ? true : try areEqual(a, b)
    case (.range(let a), .range(let b)):
      return a.count == b.count
        && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
    case (.view(let view), .view): throw .unsupported("comparing \(view.part.rawValue)")
    case (.iterator(let a), .iterator(let b)): return a === b
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.macro(let a), .macro(let b)): return a === b
    case (.loop(let a), .loop(let b)): return a === b
    case (.function(let a), .function(let b)): return a == b
    default: return false
    }
  }

  private func areEqual(_ left: [Value], _ right: [Value]) throws(Fault) -> Bool {
    guard left.count == right.count else { return false }
    try enter()
    defer { leave() }
    for (a, b) in zip(left, right) {
      try step()
      if try !areEqual(a, b) { return false }
    }
    return true
  }

  private func areEqual(_ left: DictObject, _ right: DictObject) throws(Fault) -> Bool {
    guard left.count == right.count else { return false }
    try enter()
    defer { leave() }
    for (key, value) in zip(left.keys, left.values) {
      try step()
      guard let other = right[try self.key(key)] else { return false }
      if try !areEqual(value, other) { return false }
    }
    return true
  }

  /// Whether `left` comes before `right`.
  ///
  /// - Throws: `Fault.type` for values that have no order.
  func isLess(_ left: Value, _ right: Value, _ symbol: String = "<") throws(Fault) -> Bool {
    if let a = left.text, let b = right.text {
      try charge(work: min(a.bytes.count, b.bytes.count))
      return a < b
    }
    if let a = left.integer, let b = right.integer { return a < b }
    if let a = left.number, let b = right.number { return a < b }
    switch (left, right) {
    case (.large(let a), .large(let b)): return a < b
    case (.large(let a), .int), (.large(let a), .bool): return a.isNegative
    case (.int, .large(let b)), (.bool, .large(let b)): return !b.isNegative
    case (.large, .double), (.double, .large): throw .overflow("an integer beside a float")
    case (.list, .list), (.tuple, .tuple):
      throw .unsupported("the order of values of the type '\(left.typeName)'")
    case (.undefined(let fault), _), (_, .undefined(let fault)): throw fault
    default:
      throw .type(
        "'\(symbol)' not supported between instances of '\(left.typeName)' and "
          + "'\(right.typeName)'")
    }
  }

  /// Whether a comparison holds.
  func compare(
    _ left: Value, _ operation: Comparison, _ right: Value
  ) throws(Fault) -> Bool {
    switch operation {
    case .equal: return try areEqual(left, right)
    case .notEqual: return try !areEqual(left, right)
    case .less: return try isLess(left, right)
    case .greater: return try isLess(right, left, ">")
    case .lessOrEqual:
      return try isLess(left, right, "<=") ? true : areEqual(left, right)
    case .greaterOrEqual:
      return try isLess(right, left, ">=") ? true : areEqual(left, right)
    case .contained: return try contains(right, left)
    case .notContained: return try !contains(right, left)
    }
  }

  /// Whether a container holds a value.
  func contains(_ container: Value, _ value: Value) throws(Fault) -> Bool {
    switch container {
    case .string(let text), .markup(let text):
      guard let needle = value.text else {
        throw .type(
          "'in <string>' requires string as left operand, not \(value.typeName)")
      }
      try charge(work: text.bytes.count)
      return text.firstIndex(of: needle) != nil
    case .dict(let dict): return dict[try key(value)] != nil
    case .view(let view) where view.part == .keys: return view.dict[try key(value)] != nil
    case .int, .large, .bool, .double, .null, .namespace, .macro, .function, .method, .loop:
      throw .type("argument of type '\(container.typeName)' is not iterable")
    default:
      let iterator = try makeIterator(container)
      while let item = try iterator.next(self) {
        if try areEqual(item, value) { return true }
      }
      return false
    }
  }
}
