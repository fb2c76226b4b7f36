/// Many points over two axes of the same kind, counted in square cells.
package struct DensityChart: PageChart {
  package let title: String
  package let summary: String
  private let axes: Axes
  private let edges: [Double]
  private let counts: [[Int]]
  private let heat: HeatScale

  /// Makes a chart of all cells that hold anything; nil where all cells are empty.
  ///
  /// - Parameters:
  ///   - title: what it is called.
  ///   - summary: what it shows, in words.
  ///   - xTitle: the horizontal axis.
  ///   - yTitle: the vertical axis.
  ///   - edges: the borders of the cells in both directions, ascending.
  ///   - counts: a row of cells for each y.
  package init?(
    title: String, summary: String, xTitle: String, yTitle: String, edges: [Double],
    counts: [[Int]]
  ) {
    guard let heat = HeatScale(around: counts.joined().map(Double.init)) else { return nil }
    let occupied = counts.indices.filter { index in
      counts[index].contains { $0 > 0 } || counts.contains { $0[index] > 0 }
    }
    guard let first = occupied.first, let last = occupied.last else { return nil }
    self.title = title
    self.summary = summary
    self.edges = edges
    self.counts = counts
    self.heat = heat
    let domain = edges[first]...edges[last + 1]
    axes = Axes(
      x: (.linear, domain), xTitle: xTitle, y: (.linear, domain), yTitle: yTitle, top: 10,
      height: 380)
  }

  package var height: Double { axes.bottom + 26 }

  package func draw(_ writer: inout MarkupWriter) {
    axes.draw(&writer)
    for step in 0..<Ink.heatSteps {
      let path = path(of: step)
      guard !path.isEmpty else { continue }
      writer.element(
        "path",
        ["d": path, "fill": Ink.heat(step).fill, "shape-rendering": "crispEdges"])
    }
    let plot = axes.plot
    writer.line(
      Segment(Spot(plot.left, plot.bottom), Spot(plot.right, plot.top)), color: Ink.page.text,
      width: "0.6")
    let ends = [heat.domain.lowerBound, heat.domain.upperBound].map {
      decimal(Int($0.rounded(.up)), exponent: 0)
    }
    heat.drawLegend(
      &writer, least: ends[0], most: ends[1] + " in a cell",
      at: Spot(plot.left, axes.bottom + 12))
  }

  /// The cells of a step; those side by side are one rectangle.
  private func path(of step: Int) -> String {
    var path = ""
    for (row, cells) in counts.enumerated() {
      let top = axes.yScale.position(of: edges[row + 1])
      let bottom = axes.yScale.position(of: edges[row])
      var column = 0
      while column < cells.count {
        let start = column
        while column < cells.count, cells[column] > 0,
          heat.step(of: Double(cells[column])) == step
        {
          column += 1
        }
        if column > start {
          let left = axes.xScale.position(of: edges[start])
          let right = axes.xScale.position(of: edges[column])
          path += "M\(left.spelled) \(top.spelled)H\(right.spelled)V\(bottom.spelled)"
          path += "H\(left.spelled)Z"
        }
        column += 1
      }
    }
    return path
  }
}
