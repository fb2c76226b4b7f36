/// Methods of strings that fill up, and those that ask what a string consists of.
extension Renderer {
  func pad(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    if method == .expandtabs {
      let size = try arguments.bound(["tabsize"])[0]?.requiredInteger("tabsize") ?? 8
      return value.sameKind(try expanded(text, size))
    }
    let values = try arguments.unnamed(method == .zfill ? 1...1 : 1...2)
    let width = try (values[0] ?? .null).requiredInteger("the width")
    if method == .zfill { return value.sameKind(try zeroFilled(text, width)) }
    let fill = try values[1]?.requiredText("the fill character") ?? " "
    guard fill.count == 1 else {
      throw .type("The fill character must be exactly one character long")
    }
    return value.sameKind(try padded(text, width, fill, method))
  }

  /// Fills a text up to a width.
  func padded(
    _ text: Text, _ width: Int, _ fill: Text, _ method: Method
  ) throws(Fault) -> Text {
    guard width > text.count else { return text }
    let missing = width - text.count
    try charge(product: missing, fill.bytes.count)
    var left = method == .rjust ? missing : 0
    // Python gives the odd one to the left if the width is odd too.
    if method == .center { left = missing / 2 + (missing & width & 1) }
    func filling(_ count: Int) -> Text {
      Text(Array(repeatElement(fill.bytes, count: count).joined()), count: count)
    }
    return filling(left) + text + filling(missing - left)
  }

  private func zeroFilled(_ text: Text, _ width: Int) throws(Fault) -> Text {
    guard let first = text.bytes.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
    else { return try padded(text, width, "0", .rjust) }
    let digits = try padded(Text(text.bytes[1...]), max(width, 1) - 1, "0", .rjust)
    return Text([first], count: 1) + digits
  }

  private func expanded(_ text: Text, _ size: Int) throws(Fault) -> Text {
    let tabs = text.bytes.count { $0 == UInt8(ascii: "\t") }
    try charge(product: tabs, max(0, size))
    var bytes: [UInt8] = []
    var column = 0
    for scalar in text.string.unicodeScalars {
      if scalar == "\t" {
        let count = size > 0 ? size - column % size : 0
        bytes += repeatElement(UInt8(ascii: " "), count: count)
        column += count
      } else {
        bytes.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return Text(bytes)
  }

  /// The answer of a method that asks about all characters; nil if the method isn't one.
  static func predicate(_ method: Method, _ text: Text) -> Bool? {
    let scalars = text.scalars
    func all(_ holds: (Unicode.Scalar) -> Bool) -> Bool {
      !scalars.isEmpty && scalars.allSatisfy(holds)
    }
    switch method {
    case .isalnum: return all { $0.isPythonAlphanumeric }
    case .isalpha: return all { $0.isPythonAlpha }
    case .isascii: return text.isASCII
    case .isdecimal: return all { $0.isPythonDecimal }
    case .isdigit: return all { $0.isPythonDigit }
    case .isnumeric: return all { $0.isPythonNumeric }
    case .isspace: return all { $0.isPythonSpace }
    case .isprintable: return scalars.allSatisfy { $0.isPythonPrintable }
    case .isidentifier:
      guard let first = scalars.first else { return false }
      return (first == "_" || first.properties.isXIDStart)
        && scalars.allSatisfy { $0.properties.isXIDContinue }
    case .islower: return isCased(scalars, upper: false)
    case .isupper: return isCased(scalars, upper: true)
    case .istitle: return isTitle(scalars)
    default: return nil
    }
  }

  /// Whether there are letters with case, and all of them are upper (or lower) case.
  static func isCased(_ scalars: [Unicode.Scalar], upper: Bool) -> Bool {
    var found = false
    for scalar in scalars {
      let properties = scalar.properties
      if properties.generalCategory == .titlecaseLetter { return false }
      if upper ? properties.isLowercase : properties.isUppercase { return false }
      if upper ? properties.isUppercase : properties.isLowercase { found = true }
    }
    return found
  }

  private static func isTitle(_ scalars: [Unicode.Scalar]) -> Bool {
    var found = false
    var isInside = false
    for scalar in scalars {
      let properties = scalar.properties
      if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
        if isInside { return false }
        (isInside, found) = (true, true)
      } else if properties.isLowercase {
        if !isInside { return false }
        found = true
      } else {
        isInside = false
      }
    }
    return found
  }
}
