/// How often values of a wide range occur: bins along a logarithmic axis.
package struct Histogram: PageChart {
  package struct Series: Sendable {
    let name: String
    let counts: [Int]

    /// Counts of the values below the first edge, between each two, and from the last one up.
    package init(name: String, counts: [Int]) {
      self.name = name
      self.counts = counts
    }

    /// The share of the values that are not below an edge.
    func share(from edge: Int) -> Double {
      Double(counts[(edge + 1)...].reduce(0, +)) / Double(max(1, counts.reduce(0, +)))
    }
  }

  package let title: String
  package let summary: String
  private let axes: Axes
  private let legend: [LegendEntry]
  private let edges: [Double]
  private let series: [Series]
  /// The bins that have values, by the index of their lower edges.
  private let bins: ClosedRange<Int>

  /// Makes a chart of all that lies between the edges; nil where nothing lies between the edges.
  ///
  /// - Parameters:
  ///   - title: what it is called.
  ///   - summary: what it shows, in words.
  ///   - xTitle: what is binned, and its unit.
  ///   - yTitle: what is counted.
  ///   - edges: the borders of the bins, positive and ascending.
  ///   - series: the counts, one more than edges each.
  package init?(
    title: String, summary: String, xTitle: String, yTitle: String, edges: [Double],
    series: [Series]
  ) {
    let occupied = edges.indices.dropLast().filter { bin in
      series.contains { $0.counts[bin + 1] > 0 }
    }
    guard let first = occupied.first, let last = occupied.last else { return nil }
    self.title = title
    self.summary = summary
    self.edges = edges
    self.series = series
    bins = first...last
    legend = LegendEntry.page(series.map(\.name))
    let most = series.flatMap { $0.counts[(first + 1)...(last + 1)] }.max() ?? 1
    axes = Axes(
      x: (.logarithmic, edges[first]...edges[last + 1]), xTitle: xTitle,
      y: (.linear, 0...Double(most) * 1.04), yTitle: yTitle,
      top: (legend.last?.spot.y ?? -6) + 18)
  }

  package var height: Double { axes.bottom }

  package func draw(_ writer: inout MarkupWriter) {
    writer.legend(legend, ink: .page)
    axes.draw(&writer)
    for (index, one) in series.enumerated() {
      let color = SeriesStyle(index: index, ink: .page).color
      var path = "M\(axes.plot.left.spelled) \(axes.plot.bottom.spelled)"
      for bin in bins {
        let y = axes.yScale.position(of: Double(one.counts[bin + 1]))
        path += "V\(y.spelled)H\(axes.xScale.position(of: edges[bin + 1]).spelled)"
      }
      path += "V\(axes.plot.bottom.spelled)"
      writer.element(
        "path",
        [
          "d": path, "fill": color, "fill-opacity": "0.18", "stroke": color,
          "stroke-width": "1.6", "stroke-linejoin": "round",
        ])
    }
  }

  /// The share of values that are at least as large, at each edge: the tail of the distribution.
  ///
  /// - Returns: nil where there is none above the first edge.
  package static func tail(
    title: String, summary: String, xTitle: String, yTitle: String, edges: [Double],
    series: [Series]
  ) -> LineChart? {
    LineChart(
      title: title, summary: summary, xAxis: .init(xTitle, .logarithmic),
      yAxis: .init(yTitle, .logarithmic),
      series: series.map { one in
        let shares = edges.indices.map { Spot(edges[$0], one.share(from: $0)) }
        // Before that, all are larger, which one point shows.
        let start = max(0, (shares.firstIndex { $0.y < 0.995 } ?? 0) - 1)
        return .init(name: one.name, points: shares[start...].filter { $0.y > 0 })
      })
  }
}
