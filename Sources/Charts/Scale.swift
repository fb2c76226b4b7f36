import LibC

/// How values become places along an axis.
package struct Scale: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case linear
    /// Equal ratios are equal distances; values are positive.
    case logarithmic
  }

  package let kind: Kind
  /// The values at the ends of the axis.
  package let domain: ClosedRange<Double>
  /// The pixels at which the domain starts and ends; the end may be the smaller one.
  package let start: Double
  package let end: Double

  package init(_ kind: Kind, domain: ClosedRange<Double>, start: Double, end: Double) {
    self.kind = kind
    self.domain = domain
    self.start = start
    self.end = end
  }

  /// A scale with some room on both sides of the values, of which there is at least one.
  package init(_ kind: Kind, around values: [Double], start: Double, end: Double) {
    let measures = values.map { Self.measure($0, kind) }
    let (least, most) = (measures.min() ?? 0, measures.max() ?? 0)
    // Values that are all (nearly) the same still need an axis of some length.
    let shortest = kind == .linear ? max(1e-3, abs(most) * 0.1) : 0.5
    let margin = max((most - least) * 0.06, (shortest - (most - least)) / 2)
    let bounds = [least - margin, most + margin].map { Self.value($0, kind) }
    self.init(kind, domain: bounds[0]...bounds[1], start: start, end: end)
  }

  /// The pixel of a value.
  package func position(of value: Double) -> Double {
    let lower = Self.measure(domain.lowerBound, kind)
    let upper = Self.measure(domain.upperBound, kind)
    return start + (Self.measure(value, kind) - lower) / (upper - lower) * (end - start)
  }

  private static func measure(_ value: Double, _ kind: Kind) -> Double {
    kind == .linear ? value : log10(value)
  }

  private static func value(_ measure: Double, _ kind: Kind) -> Double {
    guard kind == .logarithmic else { return measure }
    // Ends of an axis; the smallest and the largest values leave no room beyond them.
    return min(max(pow(10, measure), .leastNormalMagnitude), .greatestFiniteMagnitude)
  }
}
