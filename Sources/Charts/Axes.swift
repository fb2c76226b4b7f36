/// Two axes with their ticks and titles, and the grid between them.
struct Axes {
  /// The area between the axes.
  let plot: Box
  let xScale: Scale
  let yScale: Scale
  let xTicks: [Tick]
  let yTicks: [Tick]
  let xTitle: String
  let yTitle: String
  var ink = Ink.file
  /// Where the middle of the vertical title is.
  var titleLeft = ScatterLayout.margin
  var textSize = ScatterLayout.textSize
  var labelSize = ScatterLayout.labelSize

  func draw(_ writer: inout MarkupWriter) {
    for tick in xTicks {
      let x = xScale.position(of: tick.value)
      writer.line(
        Segment(Spot(x, plot.top), Spot(x, plot.bottom)), color: ink.weakLine, width: "1")
    }
    for isMajor in [false, true] {
      for tick in yTicks where tick.isMajor == isMajor {
        let y = yScale.position(of: tick.value)
        writer.line(
          Segment(Spot(plot.left, y), Spot(plot.right, y)),
          color: isMajor ? ink.strongLine : ink.weakLine, width: "1")
      }
    }
    writer.line(
      Segment(Spot(plot.left, plot.bottom), Spot(plot.right, plot.bottom)), color: ink.axis,
      width: "1")
    drawLabels(&writer)
    let middle = (plot.top + plot.bottom) / 2
    writer.element(
      "text",
      [
        "x": (plot.left + plot.right) / 2, "y": plot.bottom + 44, "text-anchor": "middle",
      ],
      holding: xTitle)
    writer.element(
      "text",
      [
        "transform": "translate(\(titleLeft.spelled) \(middle.spelled)) rotate(-90)",
        "text-anchor": "middle", "dy": 6.0,
      ],
      holding: yTitle)
  }

  private func drawLabels(_ writer: inout MarkupWriter) {
    writer.element("g", ["fill": ink.faintText, "text-anchor": "middle"]) { writer in
      for tick in xTicks where !tick.label.isEmpty {
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
            "fill": tick.isMajor ? ink.text : ink.axis,
            "font-size": tick.isMajor ? textSize : labelSize,
          ],
          holding: tick.label)
      }
    }
  }
}

extension MarkupWriter {
  mutating func line(_ line: Segment, color: String, width: String) {
    element(
      "line",
      [
        "x1": line.start.x, "y1": line.start.y, "x2": line.end.x, "y2": line.end.y,
        "stroke": color, "stroke-width": width,
      ])
  }
}
