/// An entry of a legend; its marker is at `spot`.
package struct LegendEntry: Sendable {
  let name: String
  /// The series that it explains; nil for the hollow markers of all.
  let style: SeriesStyle?
  package let spot: Spot

  private static let line = 22.0

  /// The entries in lines of a chart's width.
  static func entries(
    _ rows: [(name: String, style: SeriesStyle?)], top: Double, width: Double, margin: Double,
    textSize: Double
  ) -> [LegendEntry] {
    var entries: [LegendEntry] = []
    var (left, middle) = (margin, top + 8)
    for (name, style) in rows {
      let entryWidth = 32 + TextMetrics.width(name, size: textSize) + 24
      if left > margin, left + entryWidth > width - margin {
        (left, middle) = (margin, middle + line)
      }
      entries.append(LegendEntry(name: name, style: style, spot: Spot(left + 12, middle)))
      left += entryWidth
    }
    return entries
  }

  /// The legend of a page's chart; a single series needs none.
  static func page(_ names: [String]) -> [LegendEntry] {
    guard names.count > 1 else { return [] }
    let rows = names.enumerated().map { index, name in
      (
        TextMetrics.fitted(name, size: PageSize.text, width: PageSize.width - 64),
        SeriesStyle(index: index, ink: .page)
      )
    }
    return entries(rows, top: 0, width: PageSize.width, margin: 4, textSize: PageSize.text)
  }
}

extension MarkupWriter {
  mutating func legend(_ entries: [LegendEntry], ink: Ink) {
    for entry in entries {
      let spot = entry.spot
      if let style = entry.style {
        line(
          Segment(Spot(spot.x - 12, spot.y), Spot(spot.x + 12, spot.y)), color: style.color,
          width: "2")
        marker(style, at: spot, ink: ink)
      } else {
        element(
          "circle",
          [
            "cx": spot.x + 6, "cy": spot.y, "r": SeriesStyle.radius, "fill": "none",
            "stroke": ink.axis, "stroke-width": "1.6",
          ])
      }
      element(
        "text",
        [
          "x": spot.x + 20, "y": spot.y + 4.5,
          "fill": entry.style == nil ? ink.faintText : ink.text,
        ],
        holding: entry.name)
    }
  }
}
