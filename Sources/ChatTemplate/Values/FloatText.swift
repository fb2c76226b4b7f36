/// Floats as Python prints them, without the C library.
enum FloatText {
  /// The shortest digits that read back as the same number, as `repr` lays them out.
  static func repr(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let sign = value.sign == .minus ? "-" : ""
    let (digits, exponent) = shortest(value.magnitude)
    // The value is 0.d1d2d3… times ten to the exponent.
    if exponent > 16 || exponent < -3 { return sign + scientific(digits, exponent - 1) }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
    if exponent >= digits.count {
      return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  private static func scientific(_ digits: String, _ exponent: Int) -> String {
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    let magnitude = String(abs(exponent))
    let padding = magnitude.count < 2 ? "0" : ""
    return digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + padding + magnitude
  }

  /// The digits of Swift's own shortest description and the power of ten they are below.
  private static func shortest(_ value: Double) -> (String, Int) {
    if value == 0 { return ("0", 1) }
    var mantissa = value.description[...]
    var exponent = 0
    if let letter = mantissa.firstIndex(of: "e") {
      exponent = Int(mantissa[mantissa.index(after: letter)...]) ?? 0
      mantissa = mantissa[..<letter]
    }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let whole = parts.first ?? ""
    var digits = String(whole) + (parts.count > 1 ? parts[1] : "")
    exponent += whole.count
    let zeros = digits.prefix { $0 == "0" }.count
    digits.removeFirst(zeros)
    exponent -= zeros
    while digits.count > 1 && digits.last == "0" { digits.removeLast() }
    return (digits, exponent)
  }
}
