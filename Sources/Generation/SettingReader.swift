import JSONCore

/// Reads settings out of a file's object.
///
/// A key that holds null counts as absent, as Python's writers spell "not set" that way.
struct SettingReader {
  let object: JSONObject
  let file: String

  func number(_ key: String, _ range: SettingRange) throws(GenerationError) -> Double? {
    guard let value = value(key) else { return nil }
    guard value.numberValue != nil else { throw wrongType(key, "a number", value) }
    return try setting(key).check(value.doubleValue, range, found: shown(value))
  }

  func count(_ key: String, from least: Int) throws(GenerationError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let count = value.intValue else { throw wrongType(key, "a whole number", value) }
    return try setting(key).check(count, from: least)
  }

  func flag(_ key: String) throws(GenerationError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.boolValue else { throw wrongType(key, "true or false", value) }
    return flag
  }

  /// A token id or a list of them; empty where the key is absent.
  func tokens(_ key: String) throws(GenerationError) -> [Int] {
    try list(key, of: \.intValue, expected: "a token id or a list of them")
  }

  /// A text or a list of them; empty where the key is absent.
  func texts(_ key: String) throws(GenerationError) -> [String] {
    try setting(key).check(list(key, of: \.stringValue, expected: "a text or a list of them"))
  }

  private func list<Element>(
    _ key: String, of element: (JSON) -> Element?, expected: String
  ) throws(GenerationError) -> [Element] {
    guard let value = value(key) else { return [] }
    let all = (value.arrayValue ?? [value]).map(element)
    let elements = all.compactMap { $0 }
    guard elements.count == all.count else { throw wrongType(key, expected, value) }
    return elements
  }

  private func value(_ key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  private func setting(_ key: String) -> Setting { .key(key, file: file) }

  private func wrongType(_ key: String, _ expected: String, _ value: JSON) -> GenerationError {
    .wrongType(setting(key), expected: expected, found: shown(value))
  }
}

/// A value as a message shows it: short, on one line.
func shown(_ value: JSON) -> String { value.shown(limit: 80) }
