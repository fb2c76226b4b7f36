// Numbers for people to read, the same in every locale.

package enum NumberFormat {
  /// With so many decimals, the exact binary value rounded to the nearest, ties to even.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return notFinite(value) }
    return withoutSignOfZero(printed("%.*f", decimals, value))
  }

  /// In scientific notation with so many decimals: `1.45e-02`.
  package static func scientific(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return notFinite(value) }
    return withoutSignOfZero(printed("%.*e", decimals, value))
  }

  /// With so many significant digits, in scientific notation where that is the clearer one.
  package static func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return notFinite(value) }
    guard value != 0 else { return "0" }
    let rounded = scientific(value, digits - 1)
    let decimals = digits - 1 - exponent(of: rounded)
    return (digits - 7...digits + 3).contains(decimals) ? fixed(value, max(0, decimals)) : rounded
  }

  /// A value to the second digit of its error, and the error: `0.004912 ± 0.000071`.
  package static func measured(_ value: Double, error: Double) -> String {
    let rounded = scientific(error, 1)
    let decimals = max(0, 1 - exponent(of: rounded))
    guard value.isFinite, error.isFinite, error > 0, decimals < 8 else {
      return "\(significant(value, 4)) ± \(significant(error, 2))"
    }
    return "\(fixed(value, decimals)) ± \(fixed(error, decimals))"
  }

  /// Of a number in scientific notation: after rounding, since 9.996 with three digits is 10.0.
  private static func exponent(of rounded: String) -> Int {
    rounded.split(separator: "e").last.flatMap { Int($0) } ?? 0
  }

  /// As a share of a hundred: `99.31%`.
  package static func percent(_ fraction: Double, _ decimals: Int = 2) -> String {
    fixed(fraction * 100, decimals) + "%"
  }

  /// With commas between the thousands: `13,118,728`.
  package static func thousands(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var grouped = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.utf8.count - index) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return grouped
  }

  /// A number of bytes in decimal units: `13.7 MB`.
  package static func bytes(_ count: Int) -> String {
    count.magnitude < 1000 ? "\(count) B" : scaled(Double(count), units: ["kB", "MB", "GB", "TB"])
  }

  /// A number of bytes in a second: `1.2 GB/s`.
  package static func bytesPerSecond(_ rate: Double) -> String {
    (rate < 999.5 ? fixed(rate, 0) + " B" : scaled(rate, units: ["kB", "MB", "GB", "TB"])) + "/s"
  }

  /// Some nanoseconds: `27 ns`.
  package static func nanoseconds(_ value: Double) -> String { "\(fixed(value, 0)) ns" }

  /// A span of time in the unit that suits it: `0 s`, `850 µs`, `12.3 ms`, `1.24 s`, `2:05`,
  /// `1:02:03`.
  package static func duration(seconds: Double) -> String {
    guard seconds.isFinite else { return notFinite(seconds) }
    switch seconds {
    case ...0: return "0 s"
    case ..<999.5e-6: return fixed(seconds * 1e6, 0) + " µs"
    case ..<999.95e-3: return fixed(seconds * 1e3, 1) + " ms"
    case ..<59.995: return fixed(seconds, 2) + " s"
    default: return clock(seconds: seconds)
    }
  }

  /// A span of time as minutes and seconds, with hours where it has any: `0:07`, `1:02:03`.
  package static func clock(seconds: Double) -> String {
    let total = seconds > 0 ? Int(min(seconds, 1e15).rounded()) : 0
    let hours = total / 3600
    let minutes = total / 60 % 60
    let tail = ":" + twoDigits(total % 60)
    return hours > 0 ? "\(hours):\(twoDigits(minutes))" + tail : "\(minutes)" + tail
  }

  private static func scaled(_ value: Double, units: [String]) -> String {
    var value = value / 1000
    var unit = 0
    // 999.96 would be printed as 1000.0.
    while value.magnitude >= 999.95, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    return fixed(value, 1) + " " + units[unit]
  }

  private static func twoDigits(_ value: Int) -> String { (value < 10 ? "0" : "") + "\(value)" }

  private static func notFinite(_ value: Double) -> String {
    value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }

  /// Drops the minus of a number whose digits are all zero.
  private static func withoutSignOfZero(_ text: String) -> String {
    let mantissa = text.prefix { $0 != "e" }
    let isZero = !mantissa.contains { "123456789".contains($0) }
    return isZero && text.hasPrefix("-") ? String(text.dropFirst()) : text
  }
}
