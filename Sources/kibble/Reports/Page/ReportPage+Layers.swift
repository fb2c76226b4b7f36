import Charts

extension ReportPage.Layers {
  /// Writes the section: the charts, and the table of all steps.
  func draw(_ writer: inout MarkupWriter) {
    writer.section("Layers", note: firstDivergence) { writer in
      writer.element("div", ["class": "grid"]) { writer in
        writer.figure(chart, orElse: "All layers are as in the reference.")
        if let drift {
          writer.figure(chart(drift), orElse: "At no position do the layers differ.")
        }
      }
      writer.element("details", steps.count > 24 ? [:] : ["open": "open"]) { writer in
        writer.element("summary", holding: "All \(steps.count) steps in numbers")
        writer.table(table)
      }
    }
  }

  private var chart: LineChart? {
    func points(_ value: (Step) -> Double?) -> [Spot] {
      steps.enumerated().map { Spot(Double($0), value($1) ?? .nan) }
    }
    var series = [LineChart.Series(name: "relative error", points: points(\.relativeError))]
    if hasOwnErrors {
      series.append(.init(name: "added by this step alone", points: points(\.ownError)))
    }
    return LineChart(
      title: "Drift through the layers",
      summary: "The relative error of the hidden states after each step.",
      xAxis: .init("layer, after attention and after the feed-forward"),
      yAxis: .init("relative error", .logarithmic),
      steps: steps.map { .init(name: $0.name, tick: $0.tick) }, series: series)
  }

  private var hasOwnErrors: Bool { steps.contains { $0.ownError != nil } }

  private var table: ReportPage.Table {
    ReportPage.Table(
      columns: ["step", "relative error"] + (hasOwnErrors ? ["own error"] : [])
        + ["cosine", "SQNR", "max |Δ|"],
      rows: steps.map { step in
        [.text(step.name), .number(step.relativeError)]
          + (hasOwnErrors ? [step.ownError.map { .number($0) } ?? .notMeasured] : [])
          + [.decimals(step.cosine, 6), .number(step.sqnr, unit: "dB"), .number(step.maxAbs)]
      })
  }

  private func chart(_ drift: Drift) -> LineChart? {
    LineChart(
      title: "Drift along the sequence",
      summary: "The relative error of some steps, position by position.",
      xAxis: .init("position"), yAxis: .init("relative error", .logarithmic),
      series: drift.series.map { one in
        .init(
          name: one.name, points: zip(drift.positions, one.relativeErrors).map { Spot($0, $1) })
      })
  }
}
