extension ParsedArguments {
  /// The option's value as a number of bytes above 0: plain, or with k, M or G for powers of 1000
  /// and KiB, MiB or GiB for powers of 1024, which may have a decimal fraction before them.
  package func byteCount(_ option: OptionSpec) throws(UsageError) -> Int? {
    guard let text = value(option) else { return nil }
    guard let count = bytes(text), count > 0 else {
      throw invalid(
        option, text, expected: "a number of bytes above 0, such as 750000, 750k, 1.5M or 12MiB")
    }
    return count
  }
}

private let units: [(suffix: String, factor: Int)] = [
  ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("kb", 1_000), ("mb", 1_000_000),
  ("gb", 1_000_000_000), ("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000),
]

/// The bytes that a text stands for, rounded down; nil where it is none.
private func bytes(_ text: String) -> Int? {
  let lowered = text.lowercased()
  let unit = units.first { lowered.hasSuffix($0.suffix) }
  let number = lowered.dropLast(unit?.suffix.count ?? 0)
  let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
  // A byte has no parts, and nine digits tell every byte of a GB.
  guard parts.count == 1 || unit != nil && (1...9).contains(parts[1].count),
    parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
    let whole = Int(parts[0])
  else { return nil }
  let factor = unit?.factor ?? 1
  var divisor = 1
  var fraction = 0
  if parts.count == 2 {
    for digit in parts[1].utf8 {
      fraction = fraction * 10 + Int(digit - 0x30)
      divisor *= 10
    }
  }
  let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
  let (sum, exceeds) = product.addingReportingOverflow(fraction * factor / divisor)
  return overflow || exceeds ? nil : sum
}
