import LibC

/// A value that an axis marks.
package struct Tick: Equatable, Sendable {
  package let value: Double
  /// What stands beside it; empty where there is no room.
  package let label: String
  /// Whether its line is one of the strong ones.
  package let isMajor: Bool
}

extension Scale {
  /// The ticks of the domain in ascending order.
  ///
  /// Linear: the multiples of 1, 2 or 5 times a power of ten. Logarithmic: the powers of ten, and
  /// between them 2 and 5; over less than a few of these, the linear ones.
  ///
  /// - Parameter spacing: the least number of pixels from one label to the next.
  /// - Returns: the ticks; those that have no room for a label have an empty one.
  package func ticks(spacing: Double) -> [Tick] {
    guard kind == .logarithmic else { return linearTicks(spacing: spacing) }
    let ticks = logarithmicTicks(spacing: spacing)
    return ticks.count { !$0.label.isEmpty } >= 3 ? ticks : linearTicks(spacing: spacing)
  }

  private func linearTicks(spacing: Double) -> [Tick] {
    let (lower, upper) = (domain.lowerBound, domain.upperBound)
    let most = max(2, abs(end - start) / spacing)
    let least = (upper - lower) / most
    guard least.isNormal, (upper / least).magnitude < 1e9, (lower / least).magnitude < 1e9 else {
      return []
    }
    var exponent = Int(floor(log10(least)))
    var factor = 1
    for candidate in [1, 2, 5, 10] where Double(candidate) * power(exponent) >= least {
      factor = candidate
      break
    }
    if factor == 10 { (factor, exponent) = (1, exponent + 1) }
    let step = Double(factor) * power(exponent)
    let multiples = Int((lower / step).rounded(.up))...Int((upper / step).rounded(.down))
    return multiples.map { multiple in
      let digits = multiple * factor
      return Tick(
        value: Double(digits) * power(exponent), label: decimal(digits, exponent: exponent),
        isMajor: true)
    }
  }

  private func logarithmicTicks(spacing: Double) -> [Tick] {
    let exponents =
      Int(floor(log10(domain.lowerBound)))...Int(floor(log10(domain.upperBound)))
    let decades = log10(domain.upperBound) - log10(domain.lowerBound)
    let decade = abs(end - start) / decades
    // With many decades, every second, fifth, … of them.
    let stride = Int(max(1, (spacing / decade).rounded(.up)))
    var ticks: [Tick] = []
    for exponent in exponents where exponent.isMultiple(of: stride) {
      for digit in stride == 1 ? [1, 2, 5] : [1] {
        let value = Double(digit) * power(exponent)
        guard domain.contains(value) else { continue }
        // From 2 to 5 and from 5 to 10 it is a third of a decade or more.
        let fits = digit == 1 || decade * 0.3 >= spacing
        ticks.append(
          Tick(
            value: value, label: fits ? decimal(digit, exponent: exponent) : "",
            isMajor: digit == 1))
      }
    }
    return ticks
  }
}

/// A power of ten, the nearest double.
private func power(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 0 }

/// `digits` × 10^`exponent`, exactly: `0.002`, `4.5`, `12000`; very large and small ones `2e-9`.
package func decimal(_ digits: Int, exponent: Int) -> String {
  guard digits != 0 else { return "0" }
  var (digits, exponent) = (digits, exponent)
  while digits.isMultiple(of: 10) { (digits, exponent) = (digits / 10, exponent + 1) }
  let sign = digits < 0 ? "−" : ""
  let text = String(digits.magnitude)
  let places = exponent + text.utf8.count  // before the point
  guard (-5...7).contains(places) else {
    let fraction = text.dropFirst()
    let power = places - 1
    return sign + text.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e\(power)"
  }
  if exponent >= 0 { return sign + text + String(repeating: "0", count: exponent) }
  if places <= 0 { return sign + "0." + String(repeating: "0", count: -places) + text }
  return sign + text.prefix(places) + "." + text.dropFirst(places)
}
