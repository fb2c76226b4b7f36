import Diagnostics

/// A token of a JSON text.
package enum JSONToken: Equatable, Sendable {
  case beginObject
  case endObject
  case beginArray
  case endArray
  case key(JSONStringToken)
  case string(JSONStringToken)
  /// A number; the range holds its spelling.
  case number(Range<Int>)
  case bool(Bool)
  case null
  case end
}

/// A string in a text: checked, but not yet decoded.
package struct JSONStringToken: Equatable, Sendable {
  /// The bytes between the quotation marks.
  package let range: Range<Int>
  package let hasEscapes: Bool
}

/// Reads a JSON text token by token and checks its grammar on the way.
///
/// The caller passes the same bytes to every call; the scanner holds only its place in them, so
/// that long texts are read without a copy and without a tree. What it does not check is that
/// the keys of an object differ: that needs memory, which the caller may not want to spend.
package struct JSONScanner: Sendable {
  private enum Expectation { case value, firstElement, firstKey, separator, nothing }
  private enum Container { case array, object }

  /// The bytes read so far.
  package var offset = 0
  let dialect: JSONDialect
  private let depthLimit: Int
  private var containers: [Container] = []
  private var expectation = Expectation.value
  /// How many values and keys the tree that is being read has so far.
  var keptValues = 0

  package init(dialect: JSONDialect = .strict, depthLimit: Int = Limits.jsonDepth) {
    self.dialect = dialect
    self.depthLimit = depthLimit
  }

  /// How many arrays and objects are open.
  package var depth: Int { containers.count }

  /// The next token; `.end`, again and again, when the text is complete.
  package mutating func next(in bytes: RawSpan) throws(JSONError) -> JSONToken {
    skipWhitespace(in: bytes)
    switch expectation {
    case .value:
      return try value(in: bytes)
    case .firstElement:
      if peek(in: bytes) == UInt8(ascii: "]") { return close() }
      return try value(in: bytes)
    case .firstKey:
      if peek(in: bytes) == UInt8(ascii: "}") { return close() }
      return try key(in: bytes)
    case .separator:
      return try separatorAndNext(in: bytes)
    case .nothing:
      guard offset == bytes.byteCount else { throw .trailingContent(at: here(in: bytes)) }
      return .end
    }
  }

  /// The position of an offset, for errors.
  package func position(of offset: Int, in bytes: RawSpan) -> JSONPosition {
    JSONPosition(offset: offset, in: bytes)
  }

  // MARK: Grammar

  private mutating func separatorAndNext(in bytes: RawSpan) throws(JSONError) -> JSONToken {
    let isObject = containers.last == .object
    let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    switch peek(in: bytes) {
    case end:
      return close()
    case UInt8(ascii: ","):
      offset += 1
      skipWhitespace(in: bytes)
      return try isObject ? key(in: bytes) : value(in: bytes)
    default:
      throw unexpected(isObject ? "',' or '}'" : "',' or ']'", in: bytes)
    }
  }

  private mutating func key(in bytes: RawSpan) throws(JSONError) -> JSONToken {
    guard peek(in: bytes) == UInt8(ascii: "\"") else {
      throw unexpected("a key in quotation marks", in: bytes)
    }
    let key = try string(in: bytes)
    skipWhitespace(in: bytes)
    guard peek(in: bytes) == UInt8(ascii: ":") else {
      throw unexpected("':' after the key", in: bytes)
    }
    offset += 1
    expectation = .value
    return .key(key)
  }

  private mutating func value(in bytes: RawSpan) throws(JSONError) -> JSONToken {
    switch peek(in: bytes) {
    case UInt8(ascii: "{"):
      try open(.object, then: .firstKey, in: bytes)
      return .beginObject
    case UInt8(ascii: "["):
      try open(.array, then: .firstElement, in: bytes)
      return .beginArray
    case UInt8(ascii: "\""):
      let string = try string(in: bytes)
      valueDone()
      return .string(string)
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      let number = try number(in: bytes)
      valueDone()
      return .number(number)
    case UInt8(ascii: "t"):
      return try word("true", .bool(true), in: bytes)
    case UInt8(ascii: "f"):
      return try word("false", .bool(false), in: bytes)
    case UInt8(ascii: "n"):
      return try word("null", .null, in: bytes)
    case .some(UInt8(ascii: "N")) where dialect == .python:
      return try number("NaN", in: bytes)
    case .some(UInt8(ascii: "I")) where dialect == .python:
      return try number("Infinity", in: bytes)
    default:
      throw unexpected("a value", in: bytes)
    }
  }

  /// A number that has a name.
  private mutating func number(
    _ name: StaticString, in bytes: RawSpan
  ) throws(JSONError) -> JSONToken {
    let start = offset
    return try word(name, .number(start..<start + name.utf8CodeUnitCount), in: bytes)
  }

  private mutating func open(
    _ container: Container, then next: Expectation, in bytes: RawSpan
  ) throws(JSONError) {
    guard depth < depthLimit else { throw .tooDeep(limit: depthLimit, at: here(in: bytes)) }
    containers.append(container)
    expectation = next
    offset += 1
  }

  private mutating func close() -> JSONToken {
    offset += 1
    let container = containers.popLast()
    valueDone()
    return container == .object ? .endObject : .endArray
  }

  private mutating func valueDone() {
    expectation = containers.isEmpty ? .nothing : .separator
  }

  private mutating func word(
    _ word: StaticString, _ token: JSONToken, in bytes: RawSpan
  ) throws(JSONError) -> JSONToken {
    try skip(word, in: bytes)
    valueDone()
    return token
  }

  mutating func skip(_ word: StaticString, in bytes: RawSpan) throws(JSONError) {
    for expected in word.description.utf8 {
      guard peek(in: bytes) == expected else { throw unexpected("'\(word)'", in: bytes) }
      offset += 1
    }
  }

  // MARK: Bytes

  func peek(in bytes: RawSpan) -> UInt8? {
    offset < bytes.byteCount ? bytes[byte: offset] : nil
  }

  func here(in bytes: RawSpan) -> JSONPosition {
    JSONPosition(offset: offset, in: bytes)
  }

  func unexpected(_ expected: String, in bytes: RawSpan) -> JSONError {
    if let byte = peek(in: bytes) {
      .unexpectedByte(byte, expected: expected, at: here(in: bytes))
    } else {
      .unexpectedEnd(expected: expected, at: here(in: bytes))
    }
  }

  private mutating func skipWhitespace(in bytes: RawSpan) {
    while let byte = peek(in: bytes), Self.isWhitespace(byte) { offset += 1 }
  }

  /// Whether a byte may stand between tokens.
  package static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
