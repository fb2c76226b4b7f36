/// Strings and numbers: what may stand between quotation marks, and how a number is spelled.
extension JSONScanner {
  /// Checks the string that begins at the offset, and moves behind it.
  mutating func string(in bytes: RawSpan) throws(JSONError) -> JSONStringToken {
    offset += 1
    let start = offset
    var hasEscapes = false
    while true {
      skipPlain(in: bytes)
      guard let byte = peek(in: bytes) else {
        throw .unexpectedEnd(expected: "the end of a string", at: here(in: bytes))
      }
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return JSONStringToken(range: start..<offset - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        _ = try escape(in: bytes)
      case 0x80...:
        try skipMultibyte(in: bytes)
      case ..<0x20:
        throw .controlCharacter(byte, at: here(in: bytes))
      default:
        offset += 1
      }
    }
  }

  /// The characters of a string token.
  package func text(of token: JSONStringToken, in bytes: RawSpan) throws(JSONError) -> String {
    guard token.hasEscapes else { return bytes.text(token.range) }
    var reader = self
    reader.offset = token.range.lowerBound
    var text = ""
    var runStart = reader.offset
    while reader.offset < token.range.upperBound {
      guard bytes[byte: reader.offset] == UInt8(ascii: "\\") else {
        reader.offset += 1
        continue
      }
      text += bytes.text(runStart..<reader.offset)
      text.unicodeScalars.append(try reader.escape(in: bytes))
      runStart = reader.offset
    }
    return text + bytes.text(runStart..<token.range.upperBound)
  }

  /// The number of a number token.
  package func number(of range: Range<Int>, in bytes: RawSpan) -> JSONNumber {
    JSONNumber(validated: bytes.text(range))
  }

  /// Checks the number that begins at the offset, and moves behind it.
  mutating func number(in bytes: RawSpan) throws(JSONError) -> Range<Int> {
    let start = offset
    if peek(in: bytes) == UInt8(ascii: "-") { offset += 1 }
    if dialect == .python, peek(in: bytes) == UInt8(ascii: "I") {
      try skip("Infinity", in: bytes)
      return start..<offset
    }
    if peek(in: bytes) == UInt8(ascii: "0") {
      offset += 1
      if let byte = peek(in: bytes), byte.isDigit { throw .invalidNumber(at: here(in: bytes)) }
    } else {
      try digits(in: bytes)
    }
    if peek(in: bytes) == UInt8(ascii: ".") {
      offset += 1
      try digits(in: bytes)
    }
    if let byte = peek(in: bytes), byte | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if let sign = peek(in: bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
        offset += 1
      }
      try digits(in: bytes)
    }
    return start..<offset
  }

  private mutating func digits(in bytes: RawSpan) throws(JSONError) {
    let start = offset
    while let byte = peek(in: bytes), byte.isDigit { offset += 1 }
    guard offset > start else { throw .invalidNumber(at: here(in: bytes)) }
  }

  /// Skips ASCII that stands for itself, eight bytes at a time.
  private mutating func skipPlain(in bytes: RawSpan) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while offset + 8 <= bytes.byteCount {
      let word = bytes.word(at: offset)
      // A byte's high bit is set where the byte is a quotation mark, a backslash, below 0x20 or
      // not ASCII; a false alarm in the bytes above such a one costs nothing.
      let quotes = (word ^ (ones &* 0x22)) &- ones
      let backslashes = (word ^ (ones &* 0x5C)) &- ones
      let controls = word &- (ones &* 0x20)
      if (quotes | backslashes | controls | word) & highs != 0 { break }
      offset += 8
    }
    while let byte = peek(in: bytes), byte.isPlain { offset += 1 }
  }

  /// Skips one character of two to four bytes, or throws where it is not UTF-8.
  private mutating func skipMultibyte(in bytes: RawSpan) throws(JSONError) {
    let lead = bytes[byte: offset]
    // The range of the second byte excludes overlong forms, surrogates and what is beyond
    // U+10FFFF (Unicode 15, table 3-7).
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw .invalidUTF8(at: here(in: bytes))
    }
    guard offset + length <= bytes.byteCount, second.contains(bytes[byte: offset + 1]) else {
      throw .invalidUTF8(at: here(in: bytes))
    }
    for index in offset + 1..<offset + length where bytes[byte: index] & 0xC0 != 0x80 {
      throw .invalidUTF8(at: here(in: bytes))
    }
    offset += length
  }

  /// Reads one escape, or two that form a surrogate pair, and moves behind it.
  private mutating func escape(in bytes: RawSpan) throws(JSONError) -> UnicodeScalar {
    let start = offset
    offset += 1
    guard let letter = peek(in: bytes) else { throw unexpected("an escape", in: bytes) }
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw .invalidEscape(at: JSONPosition(offset: start, in: bytes))
    }
    var value = try hexDigits(in: bytes, escapeAt: start)
    if (0xD800...0xDBFF).contains(value) {
      guard peek(in: bytes) == UInt8(ascii: "\\"), offset + 1 < bytes.byteCount,
        bytes[byte: offset + 1] == UInt8(ascii: "u")
      else { throw .loneSurrogate(at: JSONPosition(offset: start, in: bytes)) }
      offset += 2
      let low = try hexDigits(in: bytes, escapeAt: offset - 2)
      guard (0xDC00...0xDFFF).contains(low) else {
        throw .loneSurrogate(at: JSONPosition(offset: start, in: bytes))
      }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = UnicodeScalar(value) else {
      throw .loneSurrogate(at: JSONPosition(offset: start, in: bytes))
    }
    return scalar
  }

  private mutating func hexDigits(
    in bytes: RawSpan, escapeAt start: Int
  ) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = peek(in: bytes)?.hexDigitValue else {
        throw .invalidEscape(at: JSONPosition(offset: start, in: bytes))
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  /// Whether the byte stands for itself in a string.
  fileprivate var isPlain: Bool {
    self >= 0x20 && self < 0x80 && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
  }

  fileprivate var hexDigitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
