/// How a value is laid out: width, precision, sign and filling.
struct FormatSpec {
  var fill: Unicode.Scalar = " "
  /// One of < > ^ =, or nil for what is usual for the value.
  var align: Unicode.Scalar?
  var sign: Unicode.Scalar = "-"
  var isAlternate = false
  var isZeroPadded = false
  var width = 0
  /// The separator between thousands.
  var grouping: Unicode.Scalar?
  var precision: Int?
  var type: Unicode.Scalar?

  init() {}

  /// Reads the part of `{:…}` after the colon.
  init(_ text: Text) throws(Fault) {
    let scalars = text.scalars
    var index = 0
    let aligns: [Unicode.Scalar] = ["<", ">", "^", "="]
    func peek() -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
    func number() throws(Fault) -> Int? {
      var digits = ""
      while let digit = peek(), ("0"..."9").contains(digit) {
        digits.unicodeScalars.append(digit)
        index += 1
      }
      if digits.isEmpty { return nil }
      guard let value = Int(digits) else {
        throw .value("Too many decimal digits in format string")
      }
      return value
    }
    if scalars.count > 1 && aligns.contains(scalars[1]) {
      (fill, align, index) = (scalars[0], scalars[1], 2)
    } else if let first = peek(), aligns.contains(first) {
      (align, index) = (first, 1)
    }
    if let next = peek(), ["+", "-", " "].contains(next) {
      sign = next
      index += 1
    }
    if peek() == "#" {
      isAlternate = true
      index += 1
    }
    if peek() == "0" {
      isZeroPadded = true
      index += 1
    }
    width = try number() ?? 0
    if let next = peek(), next == "," || next == "_" {
      grouping = next
      index += 1
    }
    if peek() == "." {
      index += 1
      guard let value = try number() else { throw .value("Format specifier missing precision") }
      precision = value
    }
    if let last = peek() {
      type = last
      index += 1
    }
    if index < scalars.count { throw .value("Invalid format specifier") }
  }

  /// The body filled up to the width; the sign stays in front of zeros.
  func padded(
    _ prefix: String, _ body: Text, defaultAlign: Unicode.Scalar, _ renderer: Renderer
  ) throws(Fault) -> Text {
    let missing = width - prefix.unicodeScalars.count - body.count
    guard missing > 0 else { return Text(prefix) + body }
    try renderer.charge(product: missing, 4)
    let padding = Text(repeatElement(fill, count: missing))
    switch align ?? defaultAlign {
    case "<": return Text(prefix) + body + padding
    case "=": return Text(prefix) + padding + body
    case "^":
      return padding.slice(0, missing / 2) + Text(prefix) + body
        + padding.slice(missing / 2, missing)
    default: return padding + Text(prefix) + body
    }
  }

  /// An integer in the form of a type letter.
  func integer(
    _ value: Int, _ type: Unicode.Scalar, _ renderer: Renderer
  ) throws(Fault) -> Text {
    var prefix = value < 0 ? "-" : sign == "-" ? "" : String(sign)
    let radix = type == "x" || type == "X" ? 16 : type == "o" ? 8 : type == "b" ? 2 : 10
    var digits = String(value.magnitude, radix: radix, uppercase: type == "X")
    if isAlternate && radix != 10 { prefix += "0\(type)" }
    if let precision {
      let zeros = min(precision - digits.count, renderer.limits.valueBytes)
      digits = String(repeating: "0", count: max(0, zeros)) + digits
    }
    return try number(prefix, digits, renderer)
  }

  /// A float in the form of a type letter.
  func float(
    _ value: Double, _ type: Unicode.Scalar, _ renderer: Renderer
  ) throws(Fault) -> Text {
    let precision = precision ?? 6
    guard precision <= 2000 else { throw .value("precision too big") }
    let magnitude = value.magnitude
    let prefix = value.sign == .minus && !value.isNaN ? "-" : sign == "-" ? "" : String(sign)
    var digits: String
    switch type {
    case "e", "E": digits = FloatText.exponential(magnitude, precision)
    case "g", "G", "n":
      digits = FloatText.general(magnitude, precision, keepsZeros: isAlternate)
    case "%": digits = FloatText.fixed(magnitude * 100, precision) + "%"
    default: digits = FloatText.fixed(magnitude, precision)
    }
    if type == "E" || type == "G" || type == "F" { digits = digits.uppercased() }
    return try number(prefix, digits, renderer)
  }

  private func number(
    _ prefix: String, _ digits: String, _ renderer: Renderer
  ) throws(Fault) -> Text {
    var spec = self
    if isZeroPadded && (align == nil || align == "=") && fill == " " {
      spec.align = "="
      spec.fill = "0"
    }
    guard let grouping else {
      return try spec.padded(prefix, Text(digits), defaultAlign: ">", renderer)
    }
    if spec.fill == "0" && spec.align == "=" {
      throw .unsupported("zero padding with a thousands separator")
    }
    let whole = digits.prefix { $0.isNumber || $0.isLetter }
    let size = type == "x" || type == "X" || type == "o" || type == "b" ? 4 : 3
    var grouped = ""
    for (index, digit) in whole.enumerated() {
      if index > 0 && (whole.count - index) % size == 0 {
        grouped.unicodeScalars.append(grouping)
      }
      grouped.append(digit)
    }
    let body = grouped + digits.dropFirst(whole.count)
    return try spec.padded(prefix, Text(body), defaultAlign: ">", renderer)
  }

  /// A value in the form that the spec asks for, as Python's `format`.
  func format(_ value: Value, _ renderer: Renderer) throws(Fault) -> Text {
    switch value {
    case .string(let text), .markup(let text):
      guard type == nil || type == "s" else {
        throw .value(
          "Unknown format code '\(type.map(String.init) ?? "")' for object of type 'str'")
      }
      var spec = self
      if isZeroPadded && align == nil { (spec.fill, spec.align) = ("0", "<") }
      guard align != "=", sign == "-", grouping == nil, !isAlternate else {
        throw .value("format specifier not allowed for strings")
      }
      let body = precision.map { text.slice(0, $0) } ?? text
      return try spec.padded("", body, defaultAlign: "<", renderer)
    case .int, .bool:
      let number = value.integer ?? 0
      switch type {
      case nil, "d", "n", "x", "X", "o", "b":
        if precision != nil { throw .value("Precision not allowed in integer format specifier") }
        return try integer(number, type ?? "d", renderer)
      case "e", "E", "f", "F", "g", "G", "%":
        return try float(Double(number), type ?? "f", renderer)
      case "c":
        guard let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) else {
          throw .value("%c arg not in range")
        }
        return try padded("", Text([scalar]), defaultAlign: "<", renderer)
      default: throw .value("Unknown format code for object of type 'int'")
      }
    case .double(let number):
      switch type {
      case nil:
        if let precision {
          return try self.number(
            number.sign == .minus ? "-" : sign == "-" ? "" : String(sign),
            Self.generalWithPoint(number.magnitude, precision), renderer)
        }
        let prefix = number.sign == .minus ? "-" : sign == "-" ? "" : String(sign)
        return try self.number(prefix, FloatText.repr(number.magnitude), renderer)
      case "e", "E", "f", "F", "g", "G", "n", "%":
        return try float(number, type ?? "f", renderer)
      default: throw .value("Unknown format code for object of type 'float'")
      }
    default:
      throw .type("unsupported format string passed to \(value.typeName).__format__")
    }
  }

  /// Like `g`, but the number keeps a digit after the point.
  private static func generalWithPoint(_ value: Double, _ precision: Int) -> String {
    let text = FloatText.general(value, precision)
    if text.contains("e") || text.contains(".") { return text }
    let whole = text.utf8.count
    return whole < max(1, precision)
      ? text + ".0" : FloatText.exponential(value, max(0, precision - 1))
  }
}
