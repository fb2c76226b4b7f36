extension ScatterLayout {
  /// The chart as an SVG file, the same for the same chart everywhere.
  package var svg: String {
    var writer = MarkupWriter()
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": "0 0 \(width.spelled) \(height.spelled)",
        "width": width, "height": height, "role": "img", "aria-label": chart.title,
        "font-family": TextMetrics.family, "font-size": Self.textSize, "fill": ink.text,
      ]
    ) { writer in
      writer.element("title", [:], holding: chart.title)
      writer.element(
        "rect",
        [
          "x": "0.5", "y": "0.5", "width": width - 1, "height": height - 1, "rx": 8,
          "fill": ink.paper, "stroke": ink.border,
        ])
      drawTitle(&writer)
      writer.legend(legend, ink: ink)
      Axes(
        plot: plot, xScale: xScale, yScale: yScale, xTicks: xScale.ticks(spacing: 70),
        yTicks: yScale.ticks(spacing: 26), xTitle: chart.xAxis.title, yTitle: chart.yAxis.title,
        ink: ink
      ).draw(&writer)
      if let axis = chart.topAxis { draw(axis, &writer) }
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

  private func draw(_ axis: ScatterChart.TopAxis, _ writer: inout MarkupWriter) {
    func value(_ x: Double) -> Double { axis.offset + axis.perUnit * x }
    let domain = value(xScale.domain.lowerBound)...value(xScale.domain.upperBound)
    let scale = Scale(.linear, domain: domain, start: plot.left, end: plot.right)
    writer.element("g", ["fill": ink.faintText, "text-anchor": "middle"]) { writer in
      for tick in scale.ticks(spacing: 70) {
        let x = scale.position(of: tick.value)
        writer.line(
          Segment(Spot(x, plot.top - 5), Spot(x, plot.top)), color: ink.axis, width: "1")
        writer.element("text", ["x": x, "y": plot.top - 9], holding: tick.label)
      }
    }
    writer.element(
      "text", ["x": (plot.left + plot.right) / 2, "y": plot.top - 29, "text-anchor": "middle"],
      holding: axis.name)
  }

  /// Bars of two standard errors to either side, within the plot.
  private func drawErrors(_ writer: inout MarkupWriter) {
    for series in series.reversed() {
      for (point, spot) in zip(series.points, series.spots) where point.error > 0 {
        let ends = [-2.0, 2].map { factor in
          let value = point.y + factor * point.error
          let isBelow = chart.yAxis.kind == .logarithmic && value <= 0
          return isBelow ? plot.bottom : min(max(yScale.position(of: value), plot.top), plot.bottom)
        }
        writer.line(
          Segment(Spot(spot.x, ends[0]), Spot(spot.x, ends[1])), color: series.style.color,
          width: "1.2")
        for end in ends {
          writer.line(
            Segment(Spot(spot.x - 3, end), Spot(spot.x + 3, end)), color: series.style.color,
            width: "1.2")
        }
      }
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
    drawErrors(&writer)
    // The hollow ones lie below, so that they hide none of the better points.
    for isHollow in [true, false] {
      for series in series.reversed() {
        for (index, spot) in series.spots.enumerated()
        where series.front.contains(index) != isHollow {
          let point = series.points[index]
          writer.element("g", [:]) { writer in
            writer.element(
              "title", [:], holding: "\(series.name) \(point.label): \(point.x), \(point.y)")
            writer.marker(series.style, at: spot, hollow: isHollow, ink: ink)
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
