import Diagnostics
import JSONCore
import ToolSupport

/// A value of the page: rounded for people, and in full, as in `--json`, in its tooltip.
package enum ReportValue: Equatable {
  case text(String)
  /// A number with four digits.
  case number(Double, unit: String = "")
  /// A number with so many decimals.
  case decimals(Double, Int)
  /// The least or the largest value that passes.
  case limit(Double, isLeast: Bool)
  /// A number and its standard error.
  case measured(Double, error: Double, unit: String = "")
  /// A part of 1, shown as a percentage, with its standard error where that is known.
  case share(Double, error: Double? = nil)
  case count(Int)
  case bytes(Int)
  case seconds(Double)
  /// How a check ended; nil where it does not apply.
  case passed(Bool?)
  case notMeasured

  /// What a reader sees.
  package var shown: String {
    switch self {
    case .text(let text): text
    case .number(let value, let unit): NumberFormat.significant(value, 4) + Self.tail(unit)
    case .decimals(let value, let decimals): NumberFormat.fixed(value, decimals)
    case .limit(let value, let isLeast):
      (isLeast ? "≥" : "≤") + Self.tail(value == 0 ? "0" : Self.spelled(value))
    case .measured(let value, let error, let unit):
      Self.pair(value, error) + Self.tail(unit)
    case .share(let value, nil): NumberFormat.percent(value)
    case .share(let value, let error?): Self.pair(value * 100, error * 100) + "%"
    case .count(let count): NumberFormat.thousands(count)
    case .bytes(let count): NumberFormat.bytes(count)
    case .seconds(let seconds): NumberFormat.duration(seconds: seconds)
    case .passed(let passed): passed.map { $0 ? "passed" : "FAILED" } ?? "does not apply"
    case .notMeasured: "–"
    }
  }

  /// The whole value, spelled as in JSON; nil where `shown` says all of it.
  package var exact: String? {
    switch self {
    case .text, .passed, .notMeasured: nil
    case .number(let value, _), .decimals(let value, _), .limit(let value, _),
      .share(let value, nil), .seconds(let value):
      Self.spelled(value)
    case .measured(let value, let error, _), .share(let value, let error?):
      "\(Self.spelled(value)) ± \(Self.spelled(error))"
    case .count(let count): String(count)
    case .bytes(let count): "\(count) bytes"
    }
  }

  /// Whether the value stands on the right of its column.
  var isNumeric: Bool { style.hasPrefix("number") }

  /// How it looks: a class of the style sheet.
  var style: String {
    switch self {
    case .text, .passed(nil): "text"
    case .passed(true?): "good"
    case .passed(false?): "bad"
    case .measured, .share(_, _?): "number pair"
    default: "number"
    }
  }

  /// A double as JSON spells it, and those for which JSON has no spelling.
  static func spelled(_ value: Double) -> String {
    value.isFinite ? JSON(value).serialized() : NumberFormat.significant(value, 1)
  }

  /// Behind a space that is no place to break a line at.
  private static func tail(_ text: String) -> String { text.isEmpty ? "" : "\u{A0}" + text }

  /// A value and its error, which may come to stand below it.
  private static func pair(_ value: Double, _ error: Double) -> String {
    let text = NumberFormat.measured(value, error: error)
    guard let sign = text.firstIndex(ofText: "± ") else { return text }
    return text[...sign] + "\u{A0}" + text[sign...].dropFirst(2)
  }
}

extension ReportValue: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
}
