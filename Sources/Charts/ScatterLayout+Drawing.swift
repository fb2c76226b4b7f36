/// The colours of everything that is not a series.
private enum Ink {
  static let paper = "#ffffff"
  static let border = "#d0d7de"
  static let strongLine = "#d8dee4"
  static let weakLine = "#eff2f5"
  static let axis = "#8c959f"
  static let text = "#1f2328"
  static let faintText = "#57606a"
}

extension ScatterLayout {
  /// The chart as an SVG file, the same for the same chart everywhere.
  package var svg: String {
    var writer = SVGWriter()
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": "0 0 \(Self.width.svg) \(Self.height.svg)",
        "width": Self.width, "height": Self.height, "role": "img", "aria-label": chart.title,
        "font-family": TextMetrics.family, "font-size": Self.textSize, "fill": Ink.text,
      ]
    ) { writer in
      writer.element("title", [:], holding: chart.title)
      writer.element(
        "rect",
        [
          "x": "0.5", "y": "0.5", "width": Self.width - 1, "height": Self.height - 1, "rx": 8,
          "fill": Ink.paper, "stroke": Ink.border,
        ])
      drawTitle(&writer)
      drawLegend(&writer)
      drawAxes(&writer)
      drawSeries(&writer)
      drawLabels(&writer)
    }
    return writer.text
  }

  private func drawTitle(_ writer: inout SVGWriter) {
    for (index, line) in titleLines.enumerated() {
      let baseline = Self.margin + Self.titleSize * 0.8 + Double(index) * (Self.titleSize + 6)
      writer.element(
        "text",
        ["x": Self.margin, "y": baseline, "font-size": Self.titleSize, "font-weight": "bold"],
        holding: line)
    }
  }

  private func drawLegend(_ writer: inout SVGWriter) {
    for entry in legend {
      let spot = entry.spot
      if let style = entry.style {
        let line = Segment(Spot(spot.x - 12, spot.y), Spot(spot.x + 12, spot.y))
        writer.line(line, color: style.color, width: "2")
        writer.marker(style, at: spot)
      } else {
        writer.element(
          "circle",
          [
            "cx": spot.x + 6, "cy": spot.y, "r": SeriesStyle.radius, "fill": "none",
            "stroke": Ink.axis, "stroke-width": "1.6",
          ])
      }
      writer.element(
        "text",
        [
          "x": spot.x + 20, "y": spot.y + 4.5,
          "fill": entry.style == nil ? Ink.faintText : Ink.text,
        ],
        holding: entry.name)
    }
  }

  private func drawAxes(_ writer: inout SVGWriter) {
    let (xTicks, yTicks) = (xScale.ticks(spacing: 70), yScale.ticks(spacing: 26))
    for tick in xTicks {
      let x = xScale.position(of: tick.value)
      writer.line(
        Segment(Spot(x, plot.top), Spot(x, plot.bottom)), color: Ink.weakLine, width: "1")
    }
    for isMajor in [false, true] {
      for tick in yTicks where tick.isMajor == isMajor {
        let y = yScale.position(of: tick.value)
        writer.line(
          Segment(Spot(plot.left, y), Spot(plot.right, y)),
          color: isMajor ? Ink.strongLine : Ink.weakLine, width: "1")
      }
    }
    writer.line(
      Segment(Spot(plot.left, plot.bottom), Spot(plot.right, plot.bottom)), color: Ink.axis,
      width: "1")
    writer.element("g", ["fill": Ink.faintText, "text-anchor": "middle"]) { writer in
      for tick in xTicks {
        writer.element(
          "text", ["x": xScale.position(of: tick.value), "y": plot.bottom + 19],
          holding: tick.label)
      }
    }
    writer.element("g", ["text-anchor": "end"]) { writer in
      for tick in yTicks where !tick.label.isEmpty {
        writer.element(
          "text",
          [
            "x": plot.left - 9, "y": yScale.position(of: tick.value) + 4.5,
            "fill": tick.isMajor ? Ink.text : Ink.axis,
            "font-size": tick.isMajor ? Self.textSize : Self.labelSize,
          ],
          holding: tick.label)
      }
    }
    let middle = (plot.top + plot.bottom) / 2
    writer.element(
      "text",
      [
        "x": (plot.left + plot.right) / 2, "y": plot.bottom + 44, "text-anchor": "middle",
      ],
      holding: chart.xAxis.title)
    writer.element(
      "text",
      [
        "transform": "translate(\(Self.margin.svg) \(middle.svg)) rotate(-90)",
        "text-anchor": "middle", "dy": 6.0,
      ],
      holding: chart.yAxis.title)
  }

  /// The first series lies on top of the others.
  private func drawSeries(_ writer: inout SVGWriter) {
    for series in series.reversed() where series.front.count > 1 {
      let points = series.front.map { series.spots[$0].x.svg + "," + series.spots[$0].y.svg }
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

  private func drawLabels(_ writer: inout SVGWriter) {
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

extension SVGWriter {
  fileprivate mutating func line(_ line: Segment, color: String, width: String) {
    element(
      "line",
      [
        "x1": line.start.x, "y1": line.start.y, "x2": line.end.x, "y2": line.end.y,
        "stroke": color, "stroke-width": width,
      ])
  }
}
