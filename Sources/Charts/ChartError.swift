import Diagnostics

/// Why a chart cannot be drawn.
package enum ChartError: Error, Equatable, Sendable {
  /// There is nothing to draw.
  case noPoints
  /// A coordinate is no number, or beyond 1e300.
  case notFinite(axis: String, series: String, label: String)
  /// A logarithmic axis has no place for zero or less.
  case notPositive(axis: String, series: String, label: String, value: Double)
}

extension ChartError: Diagnosable {
  /// The error in words, without the file, which only the caller knows.
  package var diagnostic: Diagnostic {
    switch self {
    case .noPoints:
      Diagnostic(.badData, code: "chart.no-points", "there are no points to draw")
    case .notFinite(let axis, let series, let label):
      Diagnostic(
        .badData, code: "chart.not-finite",
        "\(axis) of the point \(Self.name(series, label)) is no number that can be drawn")
    case .notPositive(let axis, let series, let label, let value):
      Diagnostic(
        .badData, code: "chart.not-positive",
        "\(axis) of the point \(Self.name(series, label)) is \(value), expected more than 0",
        hint: "A logarithmic axis cannot show it: leave the point out.")
    }
  }

  private static func name(_ series: String, _ label: String) -> String {
    "'\(escaped(series)) \(escaped(label))'"
  }
}
