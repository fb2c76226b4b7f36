/// The tests that stand after `is`.
enum Test: String, CaseIterable, Sendable {
  case odd, even, divisibleby, defined, undefined, filter, test, boolean, integer, float
  case isNone = "none"
  case isTrue = "true"
  case isFalse = "false"
  case lower, upper, string, mapping, number, sequence, iterable, callable, sameas, escaped
  case contained = "in"
  case equal = "eq"
  case notEqual = "ne"
  case greater = "gt"
  case greaterOrEqual = "ge"
  case less = "lt"
  case lessOrEqual = "le"

  private static let aliases: [String: Test] = [
    "==": .equal, "equalto": .equal, "!=": .notEqual, ">": .greater, "greaterthan": .greater,
    ">=": .greaterOrEqual, "<": .less, "lessthan": .less, "<=": .lessOrEqual,
  ]

  init?(name: String) {
    guard let test = Test(rawValue: name) ?? Self.aliases[name] else { return nil }
    self = test
  }
}

extension Renderer {
  /// Whether a test holds for a value.
  func check(_ test: Test, _ value: Value, _ arguments: Arguments) throws(Fault) -> Bool {
    switch test {
    case .divisibleby:
      let number = try arguments.bound(["num"], required: 1)[0] ?? .null
      return try areEqual(try apply(.modulo, value, number), .int(0))
    case .sameas:
      return isSame(value, try arguments.bound(["other"], required: 1)[0] ?? .null)
    case .contained:
      return try contains(try arguments.bound(["seq"], required: 1)[0] ?? .null, value)
    case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual:
      let other = try arguments.unnamed(1...1)[0] ?? .null
      return try compare(value, Self.comparison(test), other)
    default:
      _ = try arguments.unnamed(0...0)
      return try check(test, value)
    }
  }

  private static func comparison(_ test: Test) -> Comparison {
    switch test {
    case .notEqual: .notEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    default: .equal
    }
  }

  private func check(_ test: Test, _ value: Value) throws(Fault) -> Bool {
    switch test {
    case .odd: return try areEqual(try apply(.modulo, value, .int(2)), .int(1))
    case .even: return try areEqual(try apply(.modulo, value, .int(2)), .int(0))
    case .defined: return !value.isUndefined
    case .undefined: return value.isUndefined
    case .filter:
      guard let name = value.text?.string else {
        _ = try value.key()
        return false
      }
      return Filter(name: name) != nil || Filter.unsupported.contains(name)
    case .test:
      guard let name = value.text?.string else {
        _ = try value.key()
        return false
      }
      return Test(name: name) != nil
    case .lower: return Self.isCased(try string(value).scalars, upper: false)
    case .upper: return Self.isCased(try string(value).scalars, upper: true)
    default: return Self.hasType(test, value)
    }
  }

  private static func hasType(_ test: Test, _ value: Value) -> Bool {
    switch (test, value) {
    case (.isNone, .null), (.boolean, .bool), (.integer, .int), (.float, .double): true
    case (.isTrue, .bool(let flag)): flag
    case (.isFalse, .bool(let flag)): !flag
    case (.string, .string), (.string, .markup), (.escaped, .markup): true
    case (.mapping, .dict): true
    case (.number, .int), (.number, .double), (.number, .bool): true
    case (.iterable, _): isIterable(value)
    case (.sequence, .string), (.sequence, .markup), (.sequence, .list), (.sequence, .tuple),
      (.sequence, .dict), (.sequence, .range), (.sequence, .undefined):
      true
    case (.callable, .macro), (.callable, .function), (.callable, .method), (.callable, .joiner),
      (.callable, .loop), (.callable, .undefined):
      true
    default: false
    }
  }
}
