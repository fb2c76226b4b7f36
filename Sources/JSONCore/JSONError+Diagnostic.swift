import Diagnostics

extension JSONError: Diagnosable {
  /// The error in words, without the file, which only the caller knows.
  public var diagnostic: Diagnostic { diagnostic(path: nil) }

  /// The error in words, with the file that the text is from.
  public func diagnostic(path: String?) -> Diagnostic {
    Diagnostic(.badData, code: code, "invalid JSON: \(summary)", path: path)
  }

  /// What is wrong and where, as part of a sentence.
  public var summary: String {
    "\(reason) (line \(position.line), column \(position.column), byte \(position.offset))"
  }

  private var reason: String {
    switch self {
    case .unexpectedByte(let byte, let expected, _):
      "expected \(expected), found \(Self.spelled(byte))"
    case .unexpectedEnd(let expected, _):
      "expected \(expected), found the end of the text"
    case .trailingContent:
      "something follows the value"
    case .duplicateKey(let key, _):
      "the key '\(escaped(key))' occurs twice in one object"
    case .tooDeep(let limit, _):
      "arrays and objects are nested deeper than \(limit)"
    case .tooManyValues(let limit, _):
      "there are more than \(limit) values and keys"
    case .invalidUTF8:
      "a string is not valid UTF-8"
    case .controlCharacter(let byte, _):
      "the control character \(Self.spelled(byte)) stands unescaped in a string"
    case .invalidEscape:
      "a backslash is followed by no known escape"
    case .loneSurrogate:
      "a \\u escape is half of a surrogate pair"
    case .invalidNumber:
      "a number is misspelled"
    }
  }

  private var code: String {
    switch self {
    case .unexpectedByte: "json.unexpected-byte"
    case .unexpectedEnd: "json.unexpected-end"
    case .trailingContent: "json.trailing-content"
    case .duplicateKey: "json.duplicate-key"
    case .tooDeep: "json.too-deep"
    case .tooManyValues: "json.too-many-values"
    case .invalidUTF8: "json.invalid-utf8"
    case .controlCharacter: "json.control-character"
    case .invalidEscape: "json.invalid-escape"
    case .loneSurrogate: "json.lone-surrogate"
    case .invalidNumber: "json.invalid-number"
    }
  }

  private static func spelled(_ byte: UInt8) -> String {
    if (0x21...0x7E).contains(byte) { return "'\(Character(UnicodeScalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x" + (digits.count < 2 ? "0" : "") + digits
  }
}
