/// A place in a JSON text.
public struct JSONPosition: Equatable, Sendable {
  /// The place, in bytes from the start of the text.
  public let offset: Int
  /// The place's line, from 1; lines end at line feeds.
  public let line: Int
  /// The column, from 1, in Unicode scalars.
  public let column: Int

  init(offset: Int, in bytes: RawSpan) {
    var line = 1
    var column = 1
    for index in 0..<min(offset, bytes.byteCount) {
      let byte = bytes[byte: index]
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    self.offset = offset
    self.line = line
    self.column = column
  }
}

/// A rule of RFC 8259, or of this strict reader, that a text breaks.
public enum JSONError: Error, Equatable {
  /// A byte that cannot stand here.
  case unexpectedByte(UInt8, expected: String, at: JSONPosition)
  /// The text ends too early.
  case unexpectedEnd(expected: String, at: JSONPosition)
  /// Something other than white space follows the value.
  case trailingContent(at: JSONPosition)
  /// A key occurs twice in an object.
  case duplicateKey(String, at: JSONPosition)
  /// Arrays and objects are nested deeper than the limit.
  case tooDeep(limit: Int, at: JSONPosition)
  /// The text has more values and keys than the limit.
  case tooManyValues(limit: Int, at: JSONPosition)
  /// The bytes of a string are not UTF-8.
  case invalidUTF8(at: JSONPosition)
  /// A control character stands unescaped in a string.
  case controlCharacter(UInt8, at: JSONPosition)
  /// A backslash is followed by something that is no escape.
  case invalidEscape(at: JSONPosition)
  /// A `\u` escape names half of a surrogate pair.
  case loneSurrogate(at: JSONPosition)
  /// What begins like a number does not follow JSON's grammar of numbers.
  case invalidNumber(at: JSONPosition)

  /// Where the text breaks the rule.
  public var position: JSONPosition {
    switch self {
    case .unexpectedByte(_, _, let position), .unexpectedEnd(_, let position),
      .trailingContent(let position), .duplicateKey(_, let position),
      .tooDeep(_, let position), .tooManyValues(_, let position), .invalidUTF8(let position),
      .controlCharacter(_, let position), .invalidEscape(let position),
      .loneSurrogate(let position), .invalidNumber(let position):
      position
    }
  }
}
