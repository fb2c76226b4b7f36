/// The values that a call passes.
struct Arguments {
  var positional: [Value] = []
  private(set) var keywords: [(name: String, value: Value)] = []

  mutating func add(_ name: String, _ value: Value) throws(Fault) {
    guard keyword(name) == nil else {
      throw .type("got multiple values for keyword argument '\(name)'")
    }
    keywords.append((name, value))
  }

  func keyword(_ name: String) -> Value? { keywords.first { $0.name == name }?.value }

  /// Takes a keyword out.
  mutating func remove(_ name: String) -> Value? {
    guard let index = keywords.firstIndex(where: { $0.name == name }) else { return nil }
    return keywords.remove(at: index).value
  }

  /// The values of parameters, by position or by name; so many of the first must be given.
  func bound(_ names: [String], required: Int = 0) throws(Fault) -> [Value?] {
    guard positional.count <= names.count else {
      throw .type("takes at most \(names.count) arguments, but \(positional.count) were given")
    }
    var values: [Value?] = positional.map { $0 }
    values += Array(repeating: nil, count: names.count - positional.count)
    for keyword in keywords {
      guard let index = names.firstIndex(of: keyword.name) else {
        throw .type("got an unexpected keyword argument '\(keyword.name)'")
      }
      guard values[index] == nil else {
        throw .type("got multiple values for argument '\(keyword.name)'")
      }
      values[index] = keyword.value
    }
    for index in 0..<required where values[index] == nil {
      throw .type("missing the argument '\(names[index])'")
    }
    return values
  }

  /// The values of parameters that have no names to callers, as Python's own methods have them.
  func unnamed(_ counts: ClosedRange<Int>) throws(Fault) -> [Value?] {
    guard keywords.isEmpty else { throw .type("takes no keyword arguments") }
    guard counts.contains(positional.count) else {
      throw .type(
        "expected \(counts.lowerBound) to \(counts.upperBound) arguments, got \(positional.count)")
    }
    return positional.map { $0 }
      + Array(repeating: nil, count: counts.upperBound - positional.count)
  }
}

extension Value {
  /// The integer that an argument must be.
  func requiredInteger(_ what: String) throws(Fault) -> Int {
    if let integer { return integer }
    if case .undefined(let fault) = self { throw fault }
    if case .large = self { throw .overflow(what) }
    throw .type("\(what) must be an integer, not \(typeName)")
  }

  /// The text that an argument must be.
  func requiredText(_ what: String) throws(Fault) -> Text {
    if let text { return text }
    throw .type("\(what) must be str, not \(typeName)")
  }
}
