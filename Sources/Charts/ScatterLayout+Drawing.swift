extension ScatterLayout {
  /// The chart as an SVG file, the same for the same chart everywhere.
  package var svg: String {
    var writer = MarkupWriter()
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": "0 0 \(Self.width.spelled) \(Self.height.spelled)",
        "width": Self.width, "height": Self.height, "role": "img", "aria-label": chart.title,
        "font-family": TextMetrics.family, "font-size": Self.textSize, "fill": Ink.file.text,
      ]
    ) { writer in
      writer.element("title", [:], holding: chart.title)
      writer.element(
        "rect",
        [
          "x": "0.5", "y": "0.5", "width": Self.width - 1, "height": Self.height - 1, "rx": 8,
          "fill": Ink.file.paper, "stroke": Ink.file.border,
        ])
      drawTitle(&writer)
      writer.legend(legend, ink: .file)
      Axes(
        plot: plot, xScale: xScale, yScale: yScale, xTicks: xScale.ticks(spacing: 70),
        yTicks: yScale.ticks(spacing: 26), xTitle: chart.xAxis.title, yTitle: chart.yAxis.title
      ).draw(&writer)
      drawSeries(&writer)
      drawLabels(&writer)
    }
    return writer.text
  }

  private func drawTitle(_ writer: inout MarkupWriter) {
    for (index, line) in titleLines.enumerated() {
      let baseline = Self.margin + Self.titleSize * 0.8 + Double(index) * (Self.titleSize + 6)
      writer.element(
        "text",
        ["x": Self.margin, "y": baseline, "font-size": Self.titleSize, "font-weight": "bold"],
        holding: line)
    }
  }

  /// The first series lies on top of the others.
  private func drawSeries(_ writer: inout MarkupWriter) {
    for series in series.reversed() where series.front.count > 1 {
      let points = series.front.map { series.spots[$0].spelled }
      writer.element(
        "polyline",
        [
          "points": points.joined(separator: " "), "fill": "none", "stroke": series.style.color,
          "stroke-width": "2", "stroke-linejoin": "round",
        ])
    }
    for (series, labels) in zip(series, labels) {
      for case let label? in labels {
        guard let leader = label.leader else { continue }
        writer.line(leader, color: series.style.color, width: "0.6")
      }
    }
    // The hollow ones lie below, so that they hide none of the better points.
    for isHollow in [true, false] {
      for series in series.reversed() {
        for (index, spot) in series.spots.enumerated()
        where series.front.contains(index) != isHollow {
          let point = series.points[index]
          writer.element("g", [:]) { writer in
            writer.element(
              "title", [:], holding: "\(series.name) \(point.label): \(point.x), \(point.y)")
            writer.marker(series.style, at: spot, hollow: isHollow)
          }
        }
      }
    }
  }

  private func drawLabels(_ writer: inout MarkupWriter) {
    for (series, labels) in zip(series, labels) {
      writer.element("g", ["fill": series.style.color, "font-size": Self.labelSize]) { writer in
        for case (let point, let label?) in zip(series.points, labels) {
          writer.element(
            "text", ["x": label.box.left, "y": label.box.bottom - 2], holding: point.label)
        }
      }
    }
  }
}
