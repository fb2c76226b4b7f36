/// Where everything of a scatter chart is, in pixels.
package struct ScatterLayout {
  /// A series as it is drawn.
  package struct DrawnSeries {
    let name: String
    let style: SeriesStyle
    let points: [ScatterChart.Point]
    package let spots: [Spot]
    /// Indices of the points on the Pareto front, from left to right.
    package let front: [Int]
  }

  /// The width of a drawing where none is asked for, and what may be asked for.
  package static let defaultWidth = 960
  package static let widths = 320...4096
  static let labelSize = 12.0
  static let titleSize = 18.0
  static let textSize = 13.0
  static let margin = 24.0

  let chart: ScatterChart
  let ink: Ink
  let width: Double
  let height: Double
  package let titleLines: [String]
  package let legend: [LegendEntry]
  /// The area between the axes.
  package let plot: Box
  package let xScale: Scale
  package let yScale: Scale
  package let series: [DrawnSeries]
  /// Places of the labels, series by series, point by point.
  package let labels: [[PlacedLabel?]]

  /// Lays out a chart.
  ///
  /// - Parameters:
  ///   - chart: the chart.
  ///   - width: pixels from left to right; narrow drawings are higher beside that, and leave out
  ///     more labels.
  ///   - ink: the colours.
  package init(_ chart: ScatterChart, width: Int = Self.defaultWidth, ink: Ink = .file) {
    self.chart = chart
    self.ink = ink
    let width = Double(width)
    let height = max(480, width * 0.625)
    (self.width, self.height) = (width, height)
    titleLines = TextMetrics.lines(
      chart.title, size: Self.titleSize, bold: true, width: width - 2 * Self.margin)
    let fronts = chart.series.map { paretoFront($0.points.map { Spot($0.x, $0.y) }) }
    let legendTop = Self.margin + Double(titleLines.count) * (Self.titleSize + 6) + 6
    legend = LegendEntry.entries(
      chart.series.enumerated().map { ($1.name, SeriesStyle(index: $0, ink: ink)) }
        + (zip(chart.series, fronts).contains { $0.points.count > $1.count }
          ? [("hollow: beaten within its own series", nil)] : []),
      top: legendTop, width: width, margin: Self.margin, textSize: Self.textSize)
    let plot = Box(
      left: 92,
      top: (legend.last?.spot.y ?? legendTop) + (chart.topAxis == nil ? 22 : 60),
      right: width - Self.margin, bottom: height - 62)
    let points = chart.series.flatMap(\.points)
    let xScale = Scale(
      chart.xAxis.kind, around: points.map(\.x), start: plot.left, end: plot.right)
    let yScale = Scale(
      chart.yAxis.kind, around: points.flatMap { [$0.y, $0.y + 2 * $0.error] }, start: plot.bottom,
      end: plot.top)
    series = chart.series.enumerated().map { index, one in
      DrawnSeries(
        name: one.name, style: SeriesStyle(index: index, ink: ink), points: one.points,
        spots: one.points.map { Spot(xScale.position(of: $0.x), yScale.position(of: $0.y)) },
        front: fronts[index])
    }
    labels = Self.labels(series, in: plot)
    self.plot = plot
    self.xScale = xScale
    self.yScale = yScale
  }

  /// The lines along the Pareto fronts.
  package var frontLines: [Segment] { series.flatMap(\.frontLines) }

  /// The points whose labels found no free place, which the drawing leaves out.
  package var unlabelled: [ScatterChart.Point] {
    zip(series, labels).flatMap { series, labels in
      zip(series.points, labels).compactMap { $1 == nil && !$0.label.isEmpty ? $0 : nil }
    }
  }

  private static func labels(_ series: [DrawnSeries], in plot: Box) -> [[PlacedLabel?]] {
    let placement = LabelPlacement(
      bounds: plot.grown(by: -2), markerRadius: SeriesStyle.radius + 1.5,
      lines: series.flatMap(\.frontLines))
    let requests = series.flatMap { series in
      zip(series.points, series.spots).map { point, spot in
        LabelRequest(
          anchor: spot, width: TextMetrics.width(point.label, size: labelSize), height: labelSize)
      }
    }
    var places = placement.place(requests)[...]
    return series.map { series in
      defer { places = places.dropFirst(series.points.count) }
      return Array(places.prefix(series.points.count))
    }
  }
}

extension ScatterLayout.DrawnSeries {
  /// The lines along the Pareto front.
  var frontLines: [Segment] {
    zip(front, front.dropFirst()).map { Segment(spots[$0], spots[$1]) }
  }
}
