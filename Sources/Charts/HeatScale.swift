import LibC

/// Colours for positive values: equal ratios are equal steps.
struct HeatScale: Sendable {
  /// From the least to the largest value, or a decade below the latter, whichever is less.
  ///
  /// So values that are nearly the same have nearly the same colour.
  let domain: ClosedRange<Double>

  /// - Returns: nil without a value that has a logarithm.
  init?(around values: [Double]) {
    let values = values.filter { $0 >= 1e-300 && $0 <= 1e300 }
    guard let least = values.min(), let most = values.max() else { return nil }
    domain = min(least, most / 10)...most
  }

  /// The step of a value; zero and less have the first one.
  func step(of value: Double) -> Int {
    guard value > domain.lowerBound else { return 0 }
    let part = log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
    return min(Int(part * Double(Ink.heatSteps)), Ink.heatSteps - 1)
  }

  /// The steps as a strip between the texts of the least and the largest value.
  func drawLegend(_ writer: inout MarkupWriter, least: String, most: String, at spot: Spot) {
    let start = spot.x + TextMetrics.width(least, size: PageSize.text) + 6
    writer.element("text", ["x": spot.x, "y": spot.y + 4.5], holding: least)
    for step in 0..<Ink.heatSteps {
      writer.element(
        "rect",
        [
          "x": start + Double(step) * 18, "y": spot.y - 6, "width": 18, "height": 12,
          "fill": Ink.heat(step).fill,
        ])
    }
    writer.element(
      "text", ["x": start + Double(Ink.heatSteps) * 18 + 6, "y": spot.y + 4.5], holding: most)
  }
}
