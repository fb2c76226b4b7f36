/// The tests that stand after `is`.
enum Test: String, CaseIterable, Sendable {
  case odd, even, divisibleby, defined, undefined, boolean, integer, float
  case isNone = "none"
  case isTrue = "true"
  case isFalse = "false"
  case string, mapping, number, sequence, iterable, callable
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

  fileprivate static let comparisons: [Test: Comparison] = [
    .equal: .equal, .notEqual: .notEqual, .greater: .greater, .greaterOrEqual: .greaterOrEqual,
    .less: .less, .lessOrEqual: .lessOrEqual,
  ]

  /// Tests of jinja2 that aren't done.
  private static let unsupported: Set<String> = [
    "escaped", "filter", "lower", "sameas", "test", "upper",
  ]

  /// The test of a name.
  ///
  /// - Throws: `Fault.unsupported` or `Fault.unknownTest`.
  init(name: String) throws(Fault) {
    guard let test = Test(rawValue: name) ?? Self.aliases[name] else {
      if Self.unsupported.contains(name) { throw .unsupported("the test '\(name)'") }
      throw .unknownTest(name)
    }
    self = test
  }
}

extension Renderer {
  /// Whether a test holds for a value.
  func check(_ test: Test, _ value: Value, _ arguments: Arguments) throws(Fault) -> Bool {
    if let operation = Test.comparisons[test] {
      return try compare(value, operation, try arguments.unnamed(1...1)[0] ?? .null)
    }
    switch test {
    case .divisibleby:
      let number = try arguments.bound(["num"], required: 1)[0] ?? .null
      return try areEqual(try apply(.modulo, value, number), .int(0))
    case .contained:
      return try contains(try arguments.bound(["seq"], required: 1)[0] ?? .null, value)
    default: _ = try arguments.unnamed(0...0)
    }
    switch test {
    case .odd: return try areEqual(try apply(.modulo, value, .int(2)), .int(1))
    case .even: return try areEqual(try apply(.modulo, value, .int(2)), .int(0))
    case .defined: return !value.isUndefined
    case .undefined: return value.isUndefined
    default: return Self.hasType(test, value)
    }
  }

  private static func hasType(_ test: Test, _ value: Value) -> Bool {
    switch (test, value) {
    case (.isNone, .null), (.boolean, .bool), (.integer, .int), (.integer, .large),
      (.float, .double):
      true
    case (.isTrue, .bool(let flag)): flag
    case (.isFalse, .bool(let flag)): !flag
    case (.string, .string), (.string, .markup): true
    case (.mapping, .dict): true
    case (.number, .int), (.number, .large), (.number, .double), (.number, .bool): true
    case (.iterable, .iterator): true
    case (.iterable, _): value.knownLength != nil
    case (.sequence, .string), (.sequence, .markup), (.sequence, .list), (.sequence, .tuple),
      (.sequence, .dict), (.sequence, .range), (.sequence, .undefined):
      true
    case (.callable, .macro), (.callable, .function), (.callable, .method), (.callable, .undefined):
      true
    default: false
    }
  }
}
