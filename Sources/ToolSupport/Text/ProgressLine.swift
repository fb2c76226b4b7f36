import Diagnostics

/// How far a phase has come, at one moment.
struct ProgressSnapshot: Equatable, Sendable {
  var phase: String
  var total: Int
  var unit: ProgressUnit
  var done = 0
  /// Seconds since the phase began.
  var elapsed = 0.0

  /// The phase and its amount, as a log shows it at the start.
  var announcement: String {
    total > 0 ? "\(escaped(phase)) (\(amount(total)))" : escaped(phase)
  }

  /// How long the phase took, and how fast it was where that is worth saying.
  var summary: String {
    let time = NumberFormat.duration(seconds: elapsed)
    return done > 0 && elapsed >= 0.1 ? "\(time), \(rate)" : time
  }

  /// The phase with a bar, the rate and the time left, in at most `width` columns.
  ///
  /// What finds no room is left out, the bar first.
  func line(width: Int) -> String {
    let figures = total > 0 ? knownFigures : unknownFigures
    let label = escaped(phase)
    let left = width - displayWidth(label) - displayWidth(figures) - 4
    guard total > 0, left >= 12 else { return prefix(of: label + "  " + figures, width: width) }
    return label + "  " + bar(width: min(left, 32)) + "  " + figures
  }

  private var fraction: Double { min(1, Double(done) / Double(max(1, total))) }

  private var knownFigures: String {
    let percent = NumberFormat.percent(fraction.isNaN ? 0 : fraction, 0)
    let padded = String(repeating: " ", count: max(0, 4 - percent.utf8.count)) + percent
    // Before the first half second a rate says nothing.
    guard done > 0, elapsed >= 0.5 else { return padded }
    let left = elapsed * Double(max(0, total - done)) / Double(done)
    return "\(padded)  \(rate)  \(NumberFormat.clock(seconds: left)) left"
  }

  private var unknownFigures: String {
    done > 0 && elapsed >= 0.5 ? "\(amount(done))  \(rate)" : amount(done)
  }

  private func bar(width: Int) -> String {
    let inner = width - 2
    let filled = Int(fraction * Double(inner))
    return "[" + String(repeating: "=", count: filled)
      + String(repeating: " ", count: inner - filled) + "]"
  }

  private func amount(_ count: Int) -> String {
    switch unit {
    case .bytes: NumberFormat.bytes(count)
    case .tokens: NumberFormat.thousands(count) + (count == 1 ? " token" : " tokens")
    case .items: NumberFormat.thousands(count)
    case .multiplyAdds: NumberFormat.significant(Double(count) / 1e9, 3) + " G multiply-adds"
    }
  }

  private var rate: String {
    let perSecond = Double(done) / max(elapsed, 1e-9)
    switch unit {
    case .bytes: return NumberFormat.bytesPerSecond(perSecond)
    case .tokens: return NumberFormat.significant(perSecond, 3) + " tokens/s"
    case .items: return NumberFormat.significant(perSecond, 3) + "/s"
    case .multiplyAdds: return NumberFormat.significant(perSecond / 1e9, 3) + " G/s"
    }
  }
}
