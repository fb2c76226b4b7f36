import Diagnostics

/// What counts as JSON.
public enum JSONDialect: Sendable {
  /// What RFC 8259 allows, with keys that differ.
  case strict
  /// What Python's `json` reads, too: the numbers `NaN`, `Infinity` and `-Infinity`, which are no
  /// finite doubles here, and keys that occur again, of which the last one counts.
  case python
}

extension JSON {
  /// Reads a JSON text, strictly.
  ///
  /// The text is UTF-8, holds one value and nothing after it; keys of an object differ; escapes
  /// form whole characters.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - dialect: what else is accepted.
  ///   - depthLimit: how deep arrays and objects may be nested.
  /// - Returns: the value.
  /// - Throws: the first rule that the text breaks, and where.
  public static func parse(
    _ bytes: RawSpan, dialect: JSONDialect = .strict, depthLimit: Int = Limits.jsonDepth
  ) throws(JSONError) -> JSON {
    var scanner = JSONScanner(dialect: dialect, depthLimit: depthLimit)
    let value = try scanner.parseValue(in: bytes)
    _ = try scanner.next(in: bytes)
    return value
  }

  /// Reads a JSON text, strictly.
  public static func parse(
    _ bytes: [UInt8], dialect: JSONDialect = .strict, depthLimit: Int = Limits.jsonDepth
  ) throws(JSONError) -> JSON {
    try bytes.withRawSpan { (bytes) throws(JSONError) in
      try parse(bytes, dialect: dialect, depthLimit: depthLimit)
    }
  }

  /// Reads a JSON text, strictly.
  public static func parse(
    _ text: String, dialect: JSONDialect = .strict, depthLimit: Int = Limits.jsonDepth
  ) throws(JSONError) -> JSON {
    try parse(Array(text.utf8), dialect: dialect, depthLimit: depthLimit)
  }
}

extension JSON {
  /// Reads a JSON text without keeping it; duplicate keys go unnoticed.
  ///
  /// - Returns: whether it holds an object.
  /// - Throws: the first rule that the text breaks, and where.
  package static func isObject(_ bytes: [UInt8]) throws(JSONError) -> Bool {
    try bytes.withRawSpan { (bytes) throws(JSONError) in
      var scanner = JSONScanner(dialect: .python)
      let first = try scanner.next(in: bytes)
      while scanner.depth > 0 { _ = try scanner.next(in: bytes) }
      _ = try scanner.next(in: bytes)
      return first == .beginObject
    }
  }
}

extension JSONScanner {
  /// Reads the next value whole, with all that it contains.
  package mutating func parseValue(in bytes: RawSpan) throws(JSONError) -> JSON {
    keptValues = 0
    return try value(of: next(in: bytes), in: bytes)
  }

  /// Moves behind the next value without keeping anything of it.
  package mutating func skipValue(in bytes: RawSpan) throws(JSONError) {
    let outer = depth
    repeat { _ = try next(in: bytes) } while depth > outer
  }

  // The recursion is as deep as the scanner lets the text be nested.
  private mutating func value(of token: JSONToken, in bytes: RawSpan) throws(JSONError) -> JSON {
    keptValues += 1
    guard keptValues <= Limits.jsonValues else {
      throw .tooManyValues(limit: Limits.jsonValues, at: here(in: bytes))
    }
    switch token {
    case .beginObject: return .object(try members(in: bytes))
    case .beginArray: return .array(try elements(in: bytes))
    case .key(let token), .string(let token): return .string(try text(of: token, in: bytes))
    case .number(let range): return .number(number(of: range, in: bytes))
    case .bool(let value): return .bool(value)
    case .null: return .null
    case .endObject, .endArray, .end: throw unexpected("a value", in: bytes)
    }
  }

  private mutating func elements(in bytes: RawSpan) throws(JSONError) -> [JSON] {
    var elements: [JSON] = []
    while true {
      let token = try next(in: bytes)
      if token == .endArray { return elements }
      elements.append(try value(of: token, in: bytes))
    }
  }

  private mutating func members(in bytes: RawSpan) throws(JSONError) -> JSONObject {
    var object = JSONObject()
    while case .key(let token) = try next(in: bytes) {
      keptValues += 1
      let key = try text(of: token, in: bytes)
      let value = try self.value(of: next(in: bytes), in: bytes)
      if dialect == .python {
        object[key] = value
      } else if !object.appendIfNew(key: key, value: value) {
        throw .duplicateKey(key, at: position(of: token.range.lowerBound - 1, in: bytes))
      }
    }
    return object
  }
}
