/// Numbers and strings.
extension Lexer {
  private func afterDigits(_ place: Int) -> Int {
    var place = place
    while place < scalars.count, ("0"..."9").contains(scalars[place]) { place += 1 }
    return place
  }

  mutating func readNumber() throws(TemplateError) {
    let start = index
    index = afterDigits(start)
    // After a dot there is no fraction: `a.1.2` are two lookups.
    let mayBeFloat = start == 0 || scalars[start - 1] != "."
    let isFloat = mayBeFloat && skipFraction()
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars[start..<index])
    if index < scalars.count, "_bBoOxX".unicodeScalars.contains(scalars[index]) {
      throw .unsupported("a number other than decimal digits", at: position(start))
    }
    if isFloat {
      add(.float(Double(text) ?? .infinity), at: start)
    } else if let value = Int(text) {
      add(.integer(value), at: start)
    } else if let value = LargeInteger(text) {
      add(.largeInteger(value), at: start)
    }
  }

  /// Goes on after the fraction and the exponent of a number, if it has any.
  private mutating func skipFraction() -> Bool {
    let start = index
    if index < scalars.count, scalars[index] == ".", afterDigits(index + 1) > index + 1 {
      index = afterDigits(index + 1)
    }
    if index < scalars.count, scalars[index] == "e" || scalars[index] == "E" {
      let isSigned =
        index + 1 < scalars.count && (scalars[index + 1] == "+" || scalars[index + 1] == "-")
      let digits = index + (isSigned ? 2 : 1)
      if afterDigits(digits) > digits { index = afterDigits(digits) }
    }
    return index > start
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
    case "0"..."7": throw .unsupported("the escape \\\(letter)", at: position(index - 2))
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
}
