/// Numbers and strings.
extension Lexer {
  private func isDigit(_ place: Int) -> Bool {
    place < scalars.count && ("0"..."9").contains(scalars[place])
  }

  /// The place after digits, which single underscores may part; nil if there are none.
  private func afterDigits(
    _ place: Int, _ isDigit: (Unicode.Scalar) -> Bool = { ("0"..."9").contains($0) }
  ) -> Int? {
    guard place < scalars.count, isDigit(scalars[place]) else { return nil }
    var place = place + 1
    while place < scalars.count {
      if isDigit(scalars[place]) {
        place += 1
      } else if scalars[place] == "_", place + 1 < scalars.count, isDigit(scalars[place + 1]) {
        place += 2
      } else {
        break
      }
    }
    return place
  }

  private func text(_ range: Range<Int>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars[range].lazy.filter { $0 != "_" })
    return text
  }

  mutating func readNumber() throws(TemplateError) {
    let start = index
    if start == 0 || scalars[start - 1] != ".", let end = floatEnd(start) {
      index = end
      add(.float(Double(text(start..<end)) ?? .infinity), at: start)
      return
    }
    let (digits, radix) = integerEnd(start)
    index = digits.upperBound
    guard let value = Int(text(digits), radix: radix) else {
      throw .integerOverflow("the number \(text(digits))", at: position(start))
    }
    add(.integer(value), at: start)
  }

  private func floatEnd(_ start: Int) -> Int? {
    guard var end = afterDigits(start) else { return nil }
    var isFloat = false
    if end < scalars.count, scalars[end] == ".", let fraction = afterDigits(end + 1) {
      end = fraction
      isFloat = true
    }
    if end < scalars.count, scalars[end] == "e" || scalars[end] == "E" {
      let isSigned = end + 1 < scalars.count && (scalars[end + 1] == "+" || scalars[end + 1] == "-")
      if let exponent = afterDigits(end + (isSigned ? 2 : 1)) { return exponent }
    }
    return isFloat ? end : nil
  }

  /// Where the digits of an integer stand, and their base.
  private func integerEnd(_ start: Int) -> (Range<Int>, Int) {
    guard scalars[start] == "0" else { return (start..<(afterDigits(start) ?? start + 1), 10) }
    if start + 1 < scalars.count {
      let radix: Int? =
        switch scalars[start + 1] {
        case "b", "B": 2
        case "o", "O": 8
        case "x", "X": 16
        default: nil
        }
      if let radix {
        let isDigit = { (scalar: Unicode.Scalar) in
          Int(String(scalar), radix: radix) != nil && scalar.properties.isASCIIHexDigit
        }
        let first = start + 2 < scalars.count && scalars[start + 2] == "_" ? start + 3 : start + 2
        if let end = afterDigits(first, isDigit) { return (first..<end, radix) }
      }
    }
    return (start..<(afterDigits(start, { $0 == "0" }) ?? start + 1), 10)
  }

  mutating func readString(_ quote: Unicode.Scalar) throws(TemplateError) {
    let start = index
    var bytes: [UInt8] = []
    index += 1
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if scalar == quote {
        add(.string(Text(bytes)), at: start)
        return
      }
      if scalar != "\\" {
        bytes.append(scalar)
      } else if index < scalars.count {
        try readEscape(&bytes)
      }
    }
    throw .unterminated("string", at: position(start))
  }

  private mutating func readEscape(_ bytes: inout [UInt8]) throws(TemplateError) {
    let letter = scalars[index]
    index += 1
    switch letter {
    case "\n": break
    case "\\", "'", "\"": bytes.append(letter)
    case "a": bytes.append(7)
    case "b": bytes.append(8)
    case "f": bytes.append(12)
    case "n": bytes.append("\n")
    case "r": bytes.append("\r")
    case "t": bytes.append("\t")
    case "v": bytes.append(11)
    case "x": try readHex(2, letter, &bytes)
    case "u": try readHex(4, letter, &bytes)
    case "U": try readHex(8, letter, &bytes)
    case "0"..."7": readOctal(letter, &bytes)
    case "N": throw .unsupported("the escape \\N{name}", at: position(index - 2))
    default:
      // Python spells other scalars out before it looks for escapes.
      bytes.append("\\")
      bytes.append(letter.isASCII ? String(letter) : String(letter.hexEscape.dropFirst()))
    }
  }

  private mutating func readHex(
    _ count: Int, _ letter: Unicode.Scalar, _ bytes: inout [UInt8]
  ) throws(TemplateError) {
    let start = index
    let place = position(start - 2)
    var value: UInt32 = 0
    while index < start + count {
      guard index < scalars.count, scalars[index].properties.isASCIIHexDigit,
        let digit = UInt32(String(scalars[index]), radix: 16)
      else { throw .invalidEscape("\\\(letter) needs \(count) hexadecimal digits", at: place) }
      value = value << 4 | digit
      index += 1
    }
    if (0xD800...0xDFFF).contains(value) {
      throw .unsupported("a half of a surrogate pair in a string", at: place)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw .invalidEscape("there is no such character", at: place)
    }
    bytes.append(scalar)
  }

  private mutating func readOctal(_ first: Unicode.Scalar, _ bytes: inout [UInt8]) {
    var value = first.value - 0x30
    var digits = 1
    while digits < 3, index < scalars.count, ("0"..."7").contains(scalars[index]) {
      value = value << 3 | (scalars[index].value - 0x30)
      index += 1
      digits += 1
    }
    if let scalar = Unicode.Scalar(value) { bytes.append(scalar) }
  }
}
