/// An operator between numbers, and between what else Python lets it join.
enum Operator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
}

extension Renderer {
  /// The value of `left operation right`.
  func apply(_ operation: Operator, _ left: Value, _ right: Value) throws(Fault) -> Value {
    if let a = left.integer, let b = right.integer {
      return try Self.integers(operation, a, b)
    }
    let isOfText = left.text != nil || right.text != nil
    if left.isLarge || right.isLarge, !isOfText || operation == .multiply {
      throw .overflow("a number beside \(operation.rawValue)")
    }
    if let a = left.number, let b = right.number { return try Self.floats(operation, a, b) }
    switch operation {
    case .add:
      if let joined = try joined(left, right) { return joined }
    case .multiply:
      if let count = right.integer, let result = try repeated(left, count) { return result }
      if let count = left.integer, let result = try repeated(right, count) { return result }
    case .modulo:
      if left.text != nil { throw .unsupported("formatting with '%'") }
    default: break
    }
    if case .undefined(let fault) = left { throw fault }
    if case .undefined(let fault) = right { throw fault }
    throw .type(
      "unsupported operand type(s) for \(operation.rawValue): '\(left.typeName)' and "
        + "'\(right.typeName)'")
  }

  /// The negative of a number.
  func negative(_ value: Value) throws(Fault) -> Value {
    if let integer = value.integer {
      let (result, overflow) = (0).subtractingReportingOverflow(integer)
      if overflow, let large = LargeInteger("\(integer.magnitude)") { return .large(large) }
      return .int(result)
    }
    if case .large(let number) = value { return number.negative }
    if case .double(let number) = value { return .double(-number) }
    if case .undefined(let fault) = value { throw fault }
    throw .type("bad operand type for unary -: '\(value.typeName)'")
  }

  private func joined(_ left: Value, _ right: Value) throws(Fault) -> Value? {
    switch (left, right) {
    case (.string(let a), .string(let b)):
      try charge(bytes: a.bytes.count + b.bytes.count)
      return .string(a + b)
    case (.markup(let a), .markup(let b)):
      try charge(bytes: a.bytes.count + b.bytes.count)
      return .markup(a + b)
    case (.markup(let a), .string(let b)): return .markup(a + (try escapedHTML(b)))
    case (.string(let a), .markup(let b)): return .markup(try escapedHTML(a) + b)
    case (.list(let a), .list(let b)): return try list(a.items + b.items)
    case (.tuple(let a), .tuple(let b)): return try tuple(a.items + b.items)
    default: return nil
    }
  }

  private func repeated(_ value: Value, _ count: Int) throws(Fault) -> Value? {
    let count = max(0, count)
    switch value {
    case .string(let text), .markup(let text):
      try charge(product: text.bytes.count, count)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.bytes.count * count)
      for _ in 0..<(text.isEmpty ? 0 : count) { bytes.append(contentsOf: text.bytes) }
      return value.sameKind(Text(bytes, count: text.count * count))
    case .list(let object), .tuple(let object):
      try charge(product: object.items.count * Renderer.itemBytes, count)
      var items: [Value] = []
      for _ in 0..<(object.items.isEmpty ? 0 : count) { items += object.items }
      if case .tuple = value { return .tuple(items) }
      return .list(items)
    default: return nil
    }
  }

  private static func integers(_ operation: Operator, _ a: Int, _ b: Int) throws(Fault) -> Value {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide:
      if b == 0 { throw .divisionByZero }
      return .double(Double(a) / Double(b))
    case .floorDivide:
      if b == 0 { throw .divisionByZero }
      result = a.dividedReportingOverflow(by: b)
      if !result.overflow && a % b != 0 && (a < 0) != (b < 0) {
        return .int(result.partialValue - 1)
      }
    case .modulo:
      if b == 0 { throw .divisionByZero }
      if b == -1 { return .int(0) }
      let rest = a % b
      return .int(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
    }
    if result.overflow { throw .overflow("the result of \(operation.rawValue)") }
    return .int(result.partialValue)
  }

  private static func floats(
    _ operation: Operator, _ a: Double, _ b: Double
  ) throws(Fault) -> Value {
    switch operation {
    case .add: return .double(a + b)
    case .subtract: return .double(a - b)
    case .multiply: return .double(a * b)
    case .divide:
      if b == 0 { throw .divisionByZero }
      return .double(a / b)
    case .floorDivide, .modulo:
      throw .unsupported("the operator '\(operation.rawValue)' between floats")
    }
  }
}
