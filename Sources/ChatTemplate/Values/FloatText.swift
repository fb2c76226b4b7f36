/// Floats as Python prints them, without the C library.
enum FloatText {
  /// The shortest digits that read back as the same number, as `repr` lays them out.
  static func repr(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let sign = value.sign == .minus ? "-" : ""
    let (digits, exponent) = shortest(value.magnitude)
    // The value is 0.d1d2d3… times ten to the exponent.
    if exponent > 16 || exponent < -3 {
      return sign + scientific(digits, exponent - 1, letter: "e")
    }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
    if exponent >= digits.count {
      return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  /// A number of digits after the point, as `%f`.
  static func fixed(_ value: Double, _ precision: Int) -> String {
    if let special = special(value) { return special }
    let sign = value.sign == .minus ? "-" : ""
    var decimal = ExactDecimal(value.magnitude)
    decimal.round(fractionDigits: precision)
    return sign + decimal.text(fractionDigits: precision)
  }

  /// One digit before the point and a number of them after it, as `%e`.
  static func exponential(_ value: Double, _ precision: Int) -> String {
    if let special = special(value) { return special }
    let sign = value.sign == .minus ? "-" : ""
    let (digits, exponent) = ExactDecimal(value.magnitude).significant(precision + 1)
    return sign + scientific(digits, exponent, letter: "e")
  }

  /// Significant digits in whichever form is shorter, as `%g`; zeros at the end are dropped.
  static func general(_ value: Double, _ precision: Int, keepsZeros: Bool = false) -> String {
    if let special = special(value) { return special }
    let precision = max(1, precision)
    let sign = value.sign == .minus ? "-" : ""
    var (digits, exponent) = ExactDecimal(value.magnitude).significant(precision)
    if !keepsZeros {
      while digits.count > 1 && digits.last == "0" { digits.removeLast() }
    }
    if exponent < -4 || exponent >= precision {
      return sign + scientific(digits, exponent, letter: "e")
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    if digits.count <= exponent + 1 {
      return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
    }
    return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
  }

  /// The nearest number with so many digits after the point, ties to even, as Python's `round`.
  static func rounded(_ value: Double, _ precision: Int) -> Double {
    guard value.isFinite, precision < 324 else { return value }
    guard precision > -309 else { return value.sign == .minus ? -0.0 : 0.0 }
    var decimal = ExactDecimal(value.magnitude)
    decimal.round(fractionDigits: precision)
    let magnitude = Double(decimal.text(fractionDigits: max(0, precision))) ?? value.magnitude
    return value.sign == .minus ? -magnitude : magnitude
  }

  private static func special(_ value: Double) -> String? {
    value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : nil
  }

  private static func scientific(_ digits: String, _ exponent: Int, letter: String) -> String {
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    let magnitude = String(abs(exponent))
    let padding = magnitude.count < 2 ? "0" : ""
    return digits.prefix(1) + fraction + letter + (exponent < 0 ? "-" : "+") + padding + magnitude
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

/// All decimal digits of a float; every one has finitely many.
private struct ExactDecimal {
  /// Digits from the first that isn't zero; empty for zero.
  var digits: [UInt8]
  /// How many of them stand before the point; negative if zeros follow the point.
  var point: Int

  init(_ value: Double) {
    guard value > 0 else {
      (digits, point) = ([], 0)
      return
    }
    let mantissa = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
    let exponent = max(Int(value.exponentBitPattern), 1) - 1075
    // The limbs are digits to the base of 10^9, the lowest first.
    var limbs = [mantissa % 1_000_000_000, mantissa / 1_000_000_000]
    for _ in 0..<abs(exponent) { Self.multiply(&limbs, by: exponent < 0 ? 5 : 2) }
    var text = ""
    for limb in limbs.reversed() {
      let part = String(limb)
      text += String(repeating: "0", count: 9 - part.count) + part
    }
    let all = text.utf8.map { $0 - UInt8(ascii: "0") }
    let zeros = all.prefix { $0 == 0 }.count
    digits = Array(all[zeros...])
    point = digits.count + min(exponent, 0)
  }

  private static func multiply(_ limbs: inout [UInt64], by factor: UInt64) {
    var carry: UInt64 = 0
    for index in limbs.indices {
      let product = limbs[index] * factor + carry
      limbs[index] = product % 1_000_000_000
      carry = product / 1_000_000_000
    }
    if carry > 0 { limbs.append(carry) }
  }

  /// Rounds to digits after the point, ties to even; a negative number counts before the point.
  mutating func round(fractionDigits: Int) { keep(point + fractionDigits) }

  /// Keeps the first `count` digits.
  private mutating func keep(_ count: Int) {
    guard count < digits.count else { return }
    guard count >= 0 else {
      (digits, point) = ([], 0)
      return
    }
    let next = digits[count]
    let isTie = next == 5 && digits[(count + 1)...].allSatisfy { $0 == 0 }
    let isOdd = count > 0 && digits[count - 1] % 2 == 1
    digits.removeSubrange(count...)
    guard next > 5 || (next == 5 && (!isTie || isOdd)) else { return }
    var index = count - 1
    while index >= 0 && digits[index] == 9 {
      digits[index] = 0
      index -= 1
    }
    if index >= 0 {
      digits[index] += 1
    } else {
      digits.insert(1, at: 0)
      point += 1
    }
  }

  private func digit(_ index: Int) -> String {
    digits.indices.contains(index) ? String(digits[index]) : "0"
  }

  func text(fractionDigits: Int) -> String {
    let whole = point > 0 ? (0..<point).map(digit).joined() : "0"
    guard fractionDigits > 0 else { return whole }
    return whole + "." + (point..<point + fractionDigits).map(digit).joined()
  }

  /// So many significant digits, and the power of ten of the first.
  func significant(_ count: Int) -> (String, Int) {
    var rounded = self
    rounded.keep(count)
    let text = (0..<count).map(rounded.digit).joined()
    return (text, rounded.digits.isEmpty ? 0 : rounded.point - 1)
  }
}
