import Diagnostics
import JSONCore

/// Reads typed values out of an object of `config.json`, and collects what is wrong with them.
///
/// A key that holds null counts as absent, as Python's writers spell "not set" that way.
struct ConfigReader {
  let object: JSONObject
  /// The keys that lead to the object, with a final dot; empty for the whole file.
  let prefix: String
  private(set) var problems: [ConfigProblem] = []

  init(_ object: JSONObject, prefix: String = "") {
    self.object = object
    self.prefix = prefix
  }

  mutating func report(_ problem: ConfigProblem) {
    problems.append(problem)
  }

  mutating func report(_ more: [ConfigProblem]) {
    problems += more
  }

  /// The value of a key, or nil where it is absent or null.
  func value(_ key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// A count or width from 1 to a limit; nil after a problem.
  mutating func size(
    _ key: String, default fallback: Int? = nil, atMost limit: Int = Limits.configSize
  ) -> Int? {
    guard value(key) != nil || fallback != nil else {
      report(.missing(key: prefix + key))
      return nil
    }
    return value(key) == nil ? fallback : optionalSize(key, atMost: limit)
  }

  /// As `size`, but nil where the key is absent, too.
  mutating func optionalSize(_ key: String, atMost limit: Int = Limits.configSize) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.numberValue, number.isWhole else {
      report(.wrongType(key: prefix + key, expected: "a whole number", found: shown(value)))
      return nil
    }
    guard let size = number.integer, size >= 1, size <= limit else {
      let range = "a number from 1 to \(limit)"
      report(.outOfRange(key: prefix + key, expected: range, found: shown(value)))
      return nil
    }
    return size
  }

  /// A finite number above 0, or above a higher bound; nil after a problem.
  mutating func number(
    _ key: String, default fallback: Double? = nil, above bound: Int = 0
  ) -> Double? {
    guard value(key) != nil || fallback != nil else {
      report(.missing(key: prefix + key))
      return nil
    }
    return optionalNumber(key, above: bound) ?? fallback
  }

  /// As `number`, but nil where the key is absent, too.
  mutating func optionalNumber(_ key: String, above bound: Int = 0) -> Double? {
    guard let value = value(key) else { return nil }
    return number(value, key, above: bound)
  }

  /// A number at or above 0, where 0 counts as absent.
  mutating func numberUnlessZero(_ key: String) -> Double? {
    if let value = value(key), value.doubleValue == 0 { return nil }
    return optionalNumber(key)
  }

  private mutating func number(_ value: JSON, _ key: String, above bound: Int) -> Double? {
    guard value.numberValue != nil else {
      report(.wrongType(key: prefix + key, expected: "a number", found: shown(value)))
      return nil
    }
    guard let number = value.doubleValue, number.isFinite, number > Double(bound) else {
      let expected = "a finite number above \(bound)"
      report(.outOfRange(key: prefix + key, expected: expected, found: shown(value)))
      return nil
    }
    return number
  }

  /// A list of finite numbers above 0, of a given length where that is known.
  mutating func numbers(_ key: String, count: Int?) -> [Double]? {
    guard let value = value(key) else {
      report(.missing(key: prefix + key))
      return nil
    }
    guard let list = value.arrayValue else {
      report(.wrongType(key: prefix + key, expected: "a list of numbers", found: shown(value)))
      return nil
    }
    if let count, list.count != count {
      report(.wrongCount(key: prefix + key, expected: count, found: list.count))
      return nil
    }
    var result: [Double] = []
    for (index, element) in list.enumerated() {
      guard let number = number(element, "\(key)[\(index)]", above: 0) else { return nil }
      result.append(number)
    }
    return result
  }

  /// True or false.
  mutating func flag(_ key: String, default fallback: Bool) -> Bool {
    optionalFlag(key) ?? fallback
  }

  /// True, false, or nil where the key is absent.
  mutating func optionalFlag(_ key: String) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.boolValue else {
      report(.wrongType(key: prefix + key, expected: "true or false", found: shown(value)))
      return nil
    }
    return flag
  }

  /// A text, or nil where the key is absent.
  mutating func optionalText(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue else {
      report(.wrongType(key: prefix + key, expected: "a text", found: shown(value)))
      return nil
    }
    return text
  }

  /// An object, or nil where the key is absent or the object is empty.
  mutating func optionalObject(_ key: String) -> JSONObject? {
    guard let value = value(key) else { return nil }
    guard let object = value.objectValue else {
      report(.wrongType(key: prefix + key, expected: "an object", found: shown(value)))
      return nil
    }
    return object.isEmpty ? nil : object
  }

  /// One token id, or a list of them; empty where the key is absent.
  mutating func tokenIDs(_ key: String) -> [Int] {
    guard let value = value(key) else { return [] }
    let ids = (value.arrayValue ?? [value]).map(\.intValue)
    guard ids.allSatisfy({ $0 != nil }) else {
      let expected = "a token id or a list of them"
      report(.wrongType(key: prefix + key, expected: expected, found: shown(value)))
      return []
    }
    return ids.compactMap { $0 }
  }
}

extension JSONNumber {
  /// Whether it is written as an integer, which may still be too long for one.
  fileprivate var isWhole: Bool {
    text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
  }
}

/// A value as a message shows it: short, on one line.
func shown(_ value: JSON) -> String { value.shown(limit: 160) }

/// A name or text in quotation marks, without control characters, cut if it is very long.
func quoted(_ text: String) -> String { "'" + abridged(text, limit: 160) + "'" }
