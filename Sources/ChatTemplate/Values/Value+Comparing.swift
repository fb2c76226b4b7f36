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
    case (.int(let a), .int(let b)): return a == b
    case (.bool, .double), (.int, .double), (.double, .bool), (.double, .int),
      (.double, .double):
      return Self.areEqualNumbers(left, right)
    case (.bool, .bool), (.bool, .int), (.int, .bool): return left.integer == right.integer
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a === b ? true : try areEqual(a.items, b.items)
    case (.dict(let a), .dict(let b)): return a === b ? true : try areEqual(a, b)
    case (.range(let a), .range(let b)):
      return a.count == b.count
        && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
    case (.view(let a), .view(let b)): return a === b ? true : try areEqual(a, b)
    default: return isSame(left, right)
    }
  }

  /// Whether two values are one object; numbers and strings are if they look the same.
  func isSame(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.markup(let a), .markup(let b)): a == b
    case (.undefined(let a), .undefined(let b)): a === b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      a === b
    case (.dict(let a), .dict(let b)): a === b
    case (.view(let a), .view(let b)): a === b
    case (.range(let a), .range(let b)): a === b
    case (.iterator(let a), .iterator(let b)): a === b
    case (.namespace(let a), .namespace(let b)): a === b
    case (.macro(let a), .macro(let b)): a === b
    case (.loop(let a), .loop(let b)): a === b
    case (.function(let a), .function(let b)): a == b
    case (.cycler(let a), .cycler(let b)): a === b
    case (.joiner(let a), .joiner(let b)): a === b
    default: false
    }
  }

  /// What decides whether a list holds a value.
  func isSameOrEqual(_ left: Value, _ right: Value) throws(Fault) -> Bool {
    isSame(left, right) ? true : try areEqual(left, right)
  }

  private static func areEqualNumbers(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.double(let a), .double(let b)): a == b
    case (.double(let a), _): Int(exactly: a).map { $0 == right.integer } ?? false
    case (_, .double(let b)): Int(exactly: b).map { $0 == left.integer } ?? false
    default: false
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
      guard let other = right[try key.key()] else { return false }
      if try !areEqual(value, other) { return false }
    }
    return true
  }

  /// Views of keys and of items are sets.
  private func areEqual(_ left: ViewObject, _ right: ViewObject) throws(Fault) -> Bool {
    guard left.dict.count == right.dict.count else { return false }
    switch (left.part, right.part) {
    case (.keys, .keys):
      for key in left.dict.keys where right.dict[try key.key()] == nil { return false }
      return true
    case (.items, .items): return try areEqual(left.dict, right.dict)
    default: return false
    }
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
    if let a = left.number, let b = right.number { return Self.isLess(left, a, right, b) }
    switch (left, right) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      try enter()
      defer { leave() }
      for (x, y) in zip(a.items, b.items) {
        try step()
        if try !areEqual(x, y) { return try isLess(x, y, symbol) }
      }
      return a.items.count < b.items.count
    case (.undefined(let object), _), (_, .undefined(let object)): throw object.fault
    default:
      throw .type(
        "'\(symbol)' not supported between instances of '\(left.typeName)' and "
          + "'\(right.typeName)'")
    }
  }

  /// Integers beyond 2^53 are compared exactly, as Python does.
  private static func isLess(_ left: Value, _ a: Double, _ right: Value, _ b: Double) -> Bool {
    if a != b || a.isNaN || b.isNaN { return a < b }
    if let integer = left.integer { return Int(exactly: b).map { integer < $0 } ?? true }
    if let integer = right.integer { return Int(exactly: a).map { $0 < integer } ?? false }
    return false
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
    case .dict(let dict): return dict[try value.key()] != nil
    case .view(let view) where view.part == .keys: return view.dict[try value.key()] != nil
    case .range(let range):
      if let integer = value.integer { return range.contains(integer) }
      guard case .double(let number) = value, let integer = Int(exactly: number) else {
        return false
      }
      return range.contains(integer)
    case .int, .bool, .double, .null, .namespace, .macro, .function, .method, .cycler, .joiner:
      throw .type("argument of type '\(container.typeName)' is not iterable")
    default:
      let iterator = try makeIterator(container)
      while let item = try iterator.next(self) {
        if try isSameOrEqual(item, value) { return true }
      }
      return false
    }
  }
}
