/// An operator between numbers, and between what else Python lets it join.
enum Operator: Sendable {
  case add, subtract, multiply, divide, floorDivide, modulo, power

  var symbol: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .floorDivide: "//"
    case .modulo: "%"
    case .power: "**"
    }
  }
}

extension Renderer {
  /// The value of `left operation right`.
  func apply(_ operation: Operator, _ left: Value, _ right: Value) throws(Fault) -> Value {
    if let a = left.integer, let b = right.integer {
      return try Self.integers(operation, a, b)
    }
    if let a = left.number, let b = right.number { return try Self.floats(operation, a, b) }
    switch operation {
    case .add:
      if let joined = try joined(left, right) { return joined }
    case .multiply:
      if let count = right.integer, let result = try repeated(left, count) { return result }
      if let count = left.integer, let result = try repeated(right, count) { return result }
    case .modulo:
      if let text = left.text {
        var format = PercentFormat(self, text, escapes: left.isMarkup)
        return left.sameKind(try format.apply(right))
      }
    default: break
    }
    if case .undefined(let object) = left { throw object.fault }
    if case .undefined(let object) = right { throw object.fault }
    throw .type(
      "unsupported operand type(s) for \(operation.symbol): '\(left.typeName)' and "
        + "'\(right.typeName)'")
  }

  /// The negative of a number.
  func negative(_ value: Value) throws(Fault) -> Value {
    if let integer = value.integer {
      let (result, overflow) = (0).subtractingReportingOverflow(integer)
      if overflow { throw .overflow("-") }
      return .int(result)
    }
    if case .double(let number) = value { return .double(-number) }
    if case .undefined(let object) = value { throw object.fault }
    throw .type("bad operand type for unary -: '\(value.typeName)'")
  }

  /// A number itself.
  func positive(_ value: Value) throws(Fault) -> Value {
    if let integer = value.integer { return .int(integer) }
    if case .double = value { return value }
    if case .undefined(let object) = value { throw object.fault }
    throw .type("bad operand type for unary +: '\(value.typeName)'")
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
    case .power: return try power(a, b)
    }
    if result.overflow { throw .overflow("the result of \(operation.symbol)") }
    return .int(result.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) throws(Fault) -> Value {
    if exponent < 0 {
      if base == 0 { throw .divisionByZero }
      return .double(raised(Double(base), exponent))
    }
    if base == 0 || base == 1 { return .int(exponent == 0 ? 1 : base) }
    if base == -1 { return .int(exponent % 2 == 0 ? 1 : -1) }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow { throw .overflow("the result of **") }
      result = product
    }
    return .int(result)
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
    case .floorDivide:
      if b == 0 { throw .divisionByZero }
      return .double(divided(a, b).quotient)
    case .modulo:
      if b == 0 { throw .divisionByZero }
      return .double(divided(a, b).rest)
    case .power:
      if a == 0 && b < 0 { throw .divisionByZero }
      if a < 0 && a.isFinite && b.isFinite && b.rounded() != b {
        throw .unsupported("a complex number, the result of **,")
      }
      let result = raised(a, b)
      if result.isInfinite && a.isFinite && b.isFinite {
        throw .value("the result of ** is too large for a float")
      }
      return .double(result)
    }
  }

  /// The floored quotient and its rest, step by step as Python computes them.
  private static func divided(_ a: Double, _ b: Double) -> (quotient: Double, rest: Double) {
    var rest = a.truncatingRemainder(dividingBy: b)
    var quotient = (a - rest) / b
    if rest != 0 {
      if (b < 0) != (rest < 0) {
        rest += b
        quotient -= 1
      }
    } else {
      rest = b.sign == .minus ? -0.0 : 0.0
    }
    guard quotient != 0 else { return ((a / b).sign == .minus ? -0.0 : 0.0, rest) }
    var floored = quotient.rounded(.down)
    if quotient - floored > 0.5 { floored += 1 }
    return (floored, rest)
  }
}

extension Value {
  var isMarkup: Bool {
    if case .markup = self { return true }
    return false
  }
}
