/// Filters that make numbers.
extension Renderer {
  func applyNumber(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .abs:
      _ = try arguments.unnamed(0...0)
      if let integer = value.integer {
        guard integer != Int.min else { throw .overflow("the absolute value") }
        return .int(abs(integer))
      }
      if case .double(let number) = value { return .double(number.magnitude) }
      throw .type("bad operand type for abs(): '\(value.typeName)'")
    case .float:
      let fallback = try arguments.bound(["default"])[0] ?? .double(0)
      if case .undefined(let object) = value { throw object.fault }
      return try Self.parsedFloat(value) ?? fallback
    case .int: return try toInteger(value, arguments)
    default: return try round(value, arguments)
    }
  }

  /// A number without its fraction.
  static func truncated(_ number: Double) throws(Fault) -> Int {
    guard number.isFinite else { throw .value("cannot convert float \(number) to integer") }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw .overflow("the integer of \(FloatText.repr(number))")
    }
    return integer
  }

  /// The float of a number or of a text that spells one.
  static func parsedFloat(_ value: Value) throws(Fault) -> Value? {
    if let number = value.number { return .double(number) }
    guard let text = value.text else { return nil }
    let stripped = text.stripped().asciiDigits.lowercased()
    switch stripped {
    case "inf", "+inf", "infinity", "+infinity": return .double(.infinity)
    case "-inf", "-infinity": return .double(-.infinity)
    case "nan", "+nan", "-nan": return .double(.nan)
    default: break
    }
    guard let digits = withoutUnderscores(stripped),
      digits.utf8.allSatisfy({
        (0x30...0x39).contains($0) || "+-.e".utf8.contains($0)
      })
    else { return nil }
    return Double(digits.hasPrefix(".") || digits.contains(where: \.isNumber) ? digits : "")
      .map { .double($0) }
  }

  /// A numeral without the underscores between its digits; nil if one stands elsewhere.
  private static func withoutUnderscores(_ text: String) -> String? {
    guard text.contains("_") else { return text }
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      guard index > 0, index + 1 < bytes.count, isDigit(bytes[index - 1]),
        isDigit(bytes[index + 1])
      else { return nil }
    }
    return text.filter { $0 != "_" }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
  }

  private func toInteger(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["default", "base"])
    let fallback = values[0] ?? .int(0)
    if case .undefined(let object) = value { throw object.fault }
    if let integer = value.integer { return .int(integer) }
    if case .double(let number) = value {
      if number.isNaN { return fallback }
      return .int(try Self.truncated(number))
    }
    guard let text = value.text else { return fallback }
    let base = try values[1]?.requiredInteger("the base") ?? 10
    if let integer = try Self.integer(text.stripped().asciiDigits, base) { return .int(integer) }
    guard case .double(let number)? = try Self.parsedFloat(value), number.isFinite else {
      return fallback
    }
    return .int(try Self.truncated(number))
  }

  /// The integer that a text spells to a base; nil if it spells none.
  private static func integer(_ text: String, _ base: Int) throws(Fault) -> Int? {
    guard base == 0 || (2...36).contains(base) else { return nil }
    let isNegative = text.hasPrefix("-")
    var digits = (isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]).lowercased()
    var radix = base == 0 ? 10 : base
    for (prefix, prefixRadix) in [("0x", 16), ("0o", 8), ("0b", 2)]
    where digits.hasPrefix(prefix) && (base == prefixRadix || base == 0) {
      digits = String(digits.dropFirst(2))
      if digits.hasPrefix("_") { digits = String(digits.dropFirst()) }
      radix = prefixRadix
    }
    guard let plain = withoutUnderscores(digits), !plain.isEmpty,
      plain.utf8.allSatisfy({ byte in
        guard isDigit(byte) else { return false }
        return Int(byte < 0x40 ? byte - 0x30 : byte - 0x61 + 10) < radix
      })
    else { return nil }
    if base == 0 && radix == 10 && plain.hasPrefix("0") && plain.contains(where: { $0 != "0" }) {
      return nil
    }
    guard let value = Int((isNegative ? "-" : "") + plain, radix: radix) else {
      throw .overflow("the number \(text)")
    }
    return value
  }

  private func round(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["precision", "method"])
    let precision = try values[0]?.requiredInteger("the precision") ?? 0
    let method = values[1]?.text?.string ?? (values[1] == nil ? "common" : "")
    guard ["common", "ceil", "floor"].contains(method) else {
      throw .value("method must be common, ceil or floor")
    }
    guard let number = value.number else {
      throw .type("type \(value.typeName) doesn't define __round__ method")
    }
    if method == "common" {
      if let integer = value.integer { return .int(try Self.rounded(integer, precision)) }
      return .double(FloatText.rounded(number, precision))
    }
    let factor = try apply(.power, .int(10), .int(precision))
    let scaled = try apply(.multiply, value, factor)
    var whole = scaled
    if case .double(let number) = scaled {
      whole = .int(try Self.truncated(number.rounded(method == "ceil" ? .up : .down)))
    }
    return try apply(.divide, whole, factor)
  }

  /// An integer rounded before the point, ties to even.
  private static func rounded(_ value: Int, _ precision: Int) throws(Fault) -> Int {
    guard precision < 0 else { return value }
    guard precision > -19 else { return 0 }
    var unit = 1
    for _ in 0..<(-precision) { unit *= 10 }
    let rest = value % unit
    let down = value - rest
    let twice = rest.magnitude.multipliedReportingOverflow(by: 2)
    let isUp =
      twice.overflow || twice.partialValue > unit.magnitude
      || (twice.partialValue == unit.magnitude && (down / unit) % 2 != 0)
    guard isUp else { return down }
    let (result, overflow) = down.addingReportingOverflow(value < 0 ? -unit : unit)
    if overflow { throw .overflow("the rounded number") }
    return result
  }
}

extension Text {
  /// The text with decimal digits of all scripts spelled in ASCII.
  fileprivate var asciiDigits: String {
    if isASCII { return string }
    var result = ""
    for scalar in string.unicodeScalars {
      if scalar.isPythonDecimal, let digit = scalar.properties.numericValue {
        result += String(Int(digit))
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
