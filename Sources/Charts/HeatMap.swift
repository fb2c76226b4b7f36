/// A table whose cells have the colour of their value.
package struct HeatMap: PageChart {
  private struct Cell {
    let value: Double
    let text: String
    let detail: String
  }

  package let title: String
  package let summary: String
  private let rows: [String]
  private let columns: [String]
  private let cells: [[Cell?]]
  /// The texts of the least and of the largest value of the colours.
  private let ends: (least: String, most: String)
  private let heat: HeatScale
  private let left: Double
  private let top: Double
  private let width: Double
  private let isTilted: Bool

  private static let rowHeight = 21.0
  /// Of an angle of 45°.
  private static let sine = 0.7072

  /// Makes a map; nil where no cell has a positive value.
  ///
  /// - Parameters:
  ///   - title: what it is called.
  ///   - summary: what it shows, in words.
  ///   - rows: the names of the rows.
  ///   - columns: the names of the columns.
  ///   - values: a row of values for each row; nil where there is nothing.
  ///   - unit: what stands behind the largest value of the legend.
  ///   - text: a short text of a value, which is left out where it finds no room.
  package init?(
    title: String, summary: String, rows: [String], columns: [String], values: [[Double?]],
    unit: String, text: (Double) -> String
  ) {
    guard let heat = HeatScale(around: values.joined().compactMap { $0 }) else { return nil }
    self.title = title
    self.summary = summary
    self.rows = rows.map { TextMetrics.fitted($0, size: PageSize.text, width: 120) }
    let names = columns.map { TextMetrics.fitted($0, size: PageSize.text, width: 150) }
    self.columns = names
    cells = zip(rows, values).map { row, values in
      zip(columns, values).map { column, value in
        value.map { Cell(value: $0, text: text($0), detail: "\(row), \(column): \($0)") }
      }
    }
    ends = (text(heat.domain.lowerBound), text(heat.domain.upperBound) + unit)
    self.heat = heat
    func widest(_ texts: [String]) -> Double {
      texts.map { TextMetrics.width($0, size: PageSize.text) }.max() ?? 0
    }
    left = widest(self.rows) + 9
    let room = PageSize.width - left
    isTilted = widest(names) + 6 > min(room / Double(names.count), 56)
    // The tilted names reach beyond their columns, the last ones beyond the table.
    let beyond = isTilted ? widest(Array(names.suffix(3))) * Self.sine : 0
    width = min((room - beyond) / Double(names.count), 56)
    top = isTilted ? widest(names) * Self.sine + 18 : 22
  }

  package var height: Double { top + Double(rows.count) * Self.rowHeight + 30 }

  package func draw(_ writer: inout MarkupWriter) {
    for (column, name) in columns.enumerated() {
      let x = left + (Double(column) + 0.5) * width
      if isTilted {
        writer.element(
          "text",
          ["transform": "translate(\((x + 2).spelled) \((top - 6).spelled)) rotate(-45)"],
          holding: name)
      } else {
        writer.element("text", ["x": x, "y": top - 7, "text-anchor": "middle"], holding: name)
      }
    }
    for (row, name) in rows.enumerated() {
      let y = top + Double(row) * Self.rowHeight
      writer.element(
        "text", ["x": left - 8, "y": y + 15, "text-anchor": "end"], holding: name)
      for (column, cell) in cells[row].enumerated() {
        guard let cell else { continue }
        draw(cell, at: Spot(left + Double(column) * width, y), &writer)
      }
    }
    heat.drawLegend(
      &writer, least: ends.least, most: ends.most, at: Spot(left, height - 14))
  }

  private func draw(_ cell: Cell, at spot: Spot, _ writer: inout MarkupWriter) {
    let color = Ink.heat(heat.step(of: cell.value))
    writer.element("g") { writer in
      writer.element("title", holding: cell.detail)
      writer.element(
        "rect",
        [
          "x": spot.x + 0.5, "y": spot.y + 0.5, "width": width - 1,
          "height": Self.rowHeight - 1, "rx": "1.5", "fill": color.fill,
        ])
      if TextMetrics.width(cell.text, size: PageSize.cellText) <= width - 3 {
        writer.element(
          "text",
          [
            "x": spot.x + width / 2, "y": spot.y + 15, "text-anchor": "middle",
            "font-size": PageSize.cellText, "fill": color.text,
          ], holding: cell.text)
      }
    }
  }
}
