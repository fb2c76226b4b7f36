/// A JSON value (RFC 8259).
///
/// Objects keep the order of their members and numbers keep their spelling, so that reading and
/// writing lose nothing.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

extension JSON {
  /// The members, if the value is an object.
  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The elements, if the value is an array.
  public var arrayValue: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The text, if the value is a string.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The number, if the value is one.
  public var numberValue: JSONNumber? {
    if case .number(let value) = self { value } else { nil }
  }

  /// The number as an integer, if it is spelled as one and fits.
  public var intValue: Int? { numberValue?.integer }

  /// The number as the nearest double, if it is finite.
  public var doubleValue: Double? { numberValue?.double }

  /// The truth value, if the value is one.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// Whether the value is `null`.
  public var isNull: Bool { self == .null }

  /// The member of that key, if the value is an object that has it.
  public subscript(key: String) -> JSON? { objectValue?[key] }

  /// The kind of value with an article, for messages: "a string", "an object", "null".
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
