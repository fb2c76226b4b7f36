/// Lines over two axes, or over the steps of something.
package struct LineChart: PageChart {
  package struct Series: Sendable {
    let name: String
    let points: [Spot]

    /// Points in the units of the axes, from left to right.
    ///
    /// One that is no number leaves a gap; zero and less lie at the foot of a logarithmic axis.
    package init(name: String, points: [Spot]) {
      self.name = name
      self.points = points
    }
  }

  /// A step of something, which has a place on the horizontal axis.
  package struct Step: Sendable {
    let name: String
    let tick: String

    /// A step whose `tick` stands below the axis, where it is not empty and finds room.
    package init(name: String, tick: String) {
      self.name = name
      self.tick = tick
    }
  }

  package let title: String
  package let summary: String
  private let axes: Axes
  private let legend: [LegendEntry]
  private let series: [Series]
  private let steps: [Step]

  /// The most points of a series that have markers of their own.
  private static let mostMarkers = 40

  /// Makes a chart; nil where no point can be drawn.
  ///
  /// - Parameters:
  ///   - title: what it is called.
  ///   - summary: what it shows, in words.
  ///   - xAxis: the horizontal axis.
  ///   - yAxis: the vertical axis.
  ///   - steps: what the horizontal values 0, 1, … stand for, where these are no numbers.
  ///   - series: the lines.
  package init?(
    title: String, summary: String, xAxis: ScatterChart.Axis, yAxis: ScatterChart.Axis,
    steps: [Step] = [], series: [Series]
  ) {
    func values(_ axis: ScatterChart.Axis, _ values: [Double]) -> [Double] {
      values.filter { $0.magnitude <= 1e300 && (axis.kind == .linear || $0 >= 1e-300) }
    }
    let points = series.flatMap(\.points)
    let (xs, ys) = (values(xAxis, points.map(\.x)), values(yAxis, points.map(\.y)))
    guard let first = xs.min(), let last = xs.max(), !ys.isEmpty else { return nil }
    self.title = title
    self.summary = summary
    self.series = series
    self.steps = steps
    legend = LegendEntry.page(series.map(\.name))
    func around(_ values: [Double], _ kind: Scale.Kind) -> ClosedRange<Double> {
      Scale(kind, around: values, start: 0, end: 1).domain
    }
    let domain = first == last ? around(xs, xAxis.kind) : first...last
    axes = Axes(
      x: (xAxis.kind, steps.isEmpty ? domain : -0.5...Double(steps.count) - 0.5),
      xTitle: xAxis.title,
      y: (yAxis.kind, around(ys, yAxis.kind)),
      yTitle: yAxis.title, categories: steps.map(\.tick), top: (legend.last?.spot.y ?? -6) + 18)
  }

  package var height: Double { axes.bottom }

  package func draw(_ writer: inout MarkupWriter) {
    writer.legend(legend, ink: .page)
    axes.draw(&writer)
    for (index, one) in series.enumerated().reversed() {
      let style = SeriesStyle(index: index, ink: .page)
      for run in one.points.split(whereSeparator: { !($0.y.magnitude <= 1e300) }) {
        let corners = run.map { spot($0).spelled }
        writer.element(
          "polyline",
          [
            "points": corners.joined(separator: " "), "fill": "none", "stroke": style.color,
            "stroke-width": "1.8", "stroke-linejoin": "round",
          ])
        guard one.points.count <= Self.mostMarkers else { continue }
        for point in run {
          writer.element("g") { writer in
            writer.element("title", holding: "\(one.name), \(name(point.x)): \(point.y)")
            writer.marker(style, at: spot(point), ink: .page)
          }
        }
      }
    }
  }

  private func name(_ x: Double) -> String {
    let index = steps.isEmpty ? -1 : Int(x)
    return steps.indices.contains(index) ? steps[index].name : "\(x)"
  }

  private func spot(_ point: Spot) -> Spot {
    func place(_ value: Double, _ scale: Scale) -> Double {
      scale.kind == .logarithmic && value < scale.domain.lowerBound
        ? scale.start : scale.position(of: value)
    }
    return Spot(place(point.x, axes.xScale), place(point.y, axes.yScale))
  }
}
