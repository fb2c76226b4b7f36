extension JSON: ExpressibleByNilLiteral {
  /// `null`.
  public init(nilLiteral: ()) { self = .null }
}

extension JSON: ExpressibleByBooleanLiteral {
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
  /// An integer.
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
}

extension JSON: ExpressibleByFloatLiteral {
  /// A number; `null` where it is not finite.
  public init(floatLiteral value: Double) { self.init(value) }
}

extension JSON: ExpressibleByStringLiteral {
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral {
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
  /// An object whose members stand in the order of the literal.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements))
  }
}

extension JSON {
  /// A number with the shortest spelling that reads back as the same double.
  ///
  /// JSON has no spelling for NaN and the infinities: they become `null`.
  public init(_ value: Double) {
    self = JSONNumber(value).map(JSON.number) ?? .null
  }

  /// A number with the shortest spelling that reads back as the same float; `null` for NaN and
  /// the infinities.
  public init(_ value: Float) {
    self = JSONNumber(value).map(JSON.number) ?? .null
  }

  /// An integer.
  public init(_ value: Int) { self = .number(JSONNumber(value)) }

  /// An integer without sign.
  public init(_ value: UInt64) { self = .number(JSONNumber(validated: String(value))) }

  /// A string.
  public init(_ value: String) { self = .string(value) }

  /// A truth value.
  public init(_ value: Bool) { self = .bool(value) }

  /// A number, or `null` where there is none or it is not finite.
  public init(_ value: Double?) { self = value.map { JSON($0) } ?? .null }

  /// An integer, or `null`.
  public init(_ value: Int?) { self = value.map { JSON($0) } ?? .null }

  /// A string, or `null`.
  public init(_ value: String?) { self = value.map { JSON($0) } ?? .null }

  /// A truth value, or `null`.
  public init(_ value: Bool?) { self = value.map { JSON($0) } ?? .null }

  /// An array of integers.
  public init(_ values: [Int]) {
    self = .array(values.map { JSON($0) })
  }

  /// An array of strings.
  public init(_ values: [String]) {
    self = .array(values.map { JSON($0) })
  }

  /// An array of values.
  public init(_ values: [JSON]) {
    self = .array(values)
  }
}
