import Charts
import Foundation
import TestSupport
import Testing

/// A chart of quality over size.
func chart(_ series: [ScatterChart.Series], title: String = "A title") throws -> ScatterChart {
  try ScatterChart(
    title: title, xAxis: .init("bits per weight"),
    yAxis: .init("mean KLD", detail: "nats", .logarithmic), series: series)
}

/// What ggml's types measure on a small model: four types at the same size, twice.
let crowded: [ScatterChart.Series] = [
  .init(
    name: "kibble",
    points: [
      .init(x: 4.172, y: 0.011, label: "int4 g128"), .init(x: 4.297, y: 0.0091, label: "int4 g64"),
      .init(x: 4.546, y: 0.0051, label: "int4"), .init(x: 4.6, y: 0.004, label: "mixed 4.6"),
      .init(x: 5.05, y: 0.0025, label: "mixed 5.05"), .init(x: 5.545, y: 0.00163, label: "int5"),
      .init(x: 5.55, y: 0.00104, label: "mixed 5.55"), .init(x: 8.54, y: 0.000022, label: "int8"),
    ]),
  .init(
    name: "ggml",
    points: [
      .init(x: 4.546, y: 0.0155, label: "Q4_0"), .init(x: 4.546, y: 0.0106, label: "Q4_K"),
      .init(x: 4.546, y: 0.0121, label: "IQ4_NL"), .init(x: 5.046, y: 0.0124, label: "Q4_1"),
      .init(x: 5.545, y: 0.00392, label: "Q5_0"), .init(x: 5.545, y: 0.00253, label: "Q5_K"),
      .init(x: 8.54, y: 0.000059, label: "Q8_0"),
    ]),
  .init(
    name: "ggml, importance matrix",
    points: [
      .init(x: 4.546, y: 0.0115, label: "Q4_0"), .init(x: 4.546, y: 0.0079, label: "Q4_K"),
      .init(x: 4.546, y: 0.0098, label: "IQ4_NL"), .init(x: 5.046, y: 0.0076, label: "Q4_1"),
      .init(x: 5.545, y: 0.0028, label: "Q5_0"), .init(x: 5.545, y: 0.0021, label: "Q5_K"),
    ]),
]

@Suite struct LabelTests {
  /// Checks what must hold of every layout.
  private func check(_ layout: ScatterLayout) {
    let labels = layout.labels.flatMap { $0 }.compactMap { $0 }
    let markers = layout.series.flatMap(\.spots).map { Box(center: $0, width: 8, height: 8) }
    for (index, label) in labels.enumerated() {
      #expect(layout.plot.contains(label.box))
      #expect(!markers.contains { $0.overlaps(label.box) }, "\(label)")
      #expect(!layout.frontLines.contains { label.box.overlaps($0) }, "\(label)")
      for other in labels[(index + 1)...] {
        #expect(!label.box.overlaps(other.box), "\(label) \(other)")
        #expect(!(label.leader.map { other.box.overlaps($0) } ?? false))
        #expect(!(other.leader.map { label.box.overlaps($0) } ?? false))
      }
    }
  }

  /// On a narrow page, labels are fewer, and keep apart all the same.
  @Test func narrow() throws {
    let narrow = ScatterLayout(try chart(crowded), width: 360)
    check(narrow)
    let all = crowded.reduce(0) { $0 + $1.points.count }
    #expect((1..<all).contains(narrow.unlabelled.count))
    check(ScatterLayout(try chart(crowded), width: 640))
  }

  @Test func crowdedLabelsKeepApart() throws {
    let layout = ScatterLayout(try chart(crowded))
    check(layout)
    #expect(layout.unlabelled == [])
  }

  @Test(arguments: 0..<8) func randomPoints(_ seed: Int) throws {
    var generator = SplitMix(UInt64(seed))
    let series = (0..<3).map { series in
      ScatterChart.Series(
        name: "\(series)",
        points: (0..<15).map { point in
          let x = Double.random(in: 4...5, using: &generator)
          let y = Double.random(in: 0.001...0.01, using: &generator)
          return .init(x: x, y: y, label: "type \(point)")
        })
    }
    check(ScatterLayout(try chart(series)))
  }

  @Test func whatFindsNoPlaceIsLeftOut() throws {
    let points = (0..<150).map { ScatterChart.Point(x: 4, y: 0.01, label: "label \($0)") }
    let layout = ScatterLayout(try chart([.init(name: "same", points: points)]))
    check(layout)
    #expect(!layout.unlabelled.isEmpty)
    #expect(layout.labels[0].contains { $0 != nil })
    let dropped = try #require(layout.unlabelled.first).label
    #expect(!layout.svg.contains(">\(dropped)</text>"))
  }

  @Test func aLoneLabelStandsBesideItsMarker() throws {
    let layout = ScatterLayout(
      try chart([.init(name: "one", points: [.init(x: 4, y: 0.01, label: "int4")])]))
    let (spot, label) = (layout.series[0].spots[0], try #require(layout.labels[0][0]))
    #expect(label.leader == nil)
    #expect(label.box.nearest(to: spot).distance(to: spot) < 12)
  }
}

@Suite struct DrawingTests {
  @Test func snapshot() throws {
    let small = try chart(
      [
        .init(
          name: "ours",
          points: [.init(x: 4.5, y: 0.005, label: "int4"), .init(x: 8.5, y: 2e-5, label: "int8")]),
        .init(
          name: "theirs",
          points: [
            .init(x: 4.5, y: 0.011, label: "Q4_0"), .init(x: 5, y: 0.012, label: "Q4_1"),
            .init(x: 8.5, y: 6e-5, label: "Q8_0"),
          ]),
      ], title: "Quality per byte")
    let file = Fixtures.repository.appending(path: "Tests/ChartsTests/Snapshots/small.svg")
    let svg = ScatterLayout(small).svg
    if ProcessInfo.processInfo.environment["KIBBLE_UPDATE_SNAPSHOTS"] == "1" {
      try Data(svg.utf8).write(to: file)
    }
    #expect(try svg == String(contentsOf: file, encoding: .utf8))
  }

  /// Bars span two standard errors to either side, and stay within the plot.
  @Test func errorBars() throws {
    func layout(_ error: Double) throws -> ScatterLayout {
      ScatterLayout(
        try chart([
          .init(
            name: "s",
            points: [
              .init(x: 4, y: 0.01, label: "a", error: error), .init(x: 5, y: 0.001, label: "b"),
            ])
        ]))
    }
    let without = try layout(0).svg.components(separatedBy: "<line").count
    let some = try layout(0.002)
    #expect(some.svg.components(separatedBy: "<line").count == without + 3)
    let ends = [0.006, 0.014].map { some.yScale.position(of: $0) }
    let starts = some.svg.matches(of: /y1="([0-9.]+)"/).compactMap { Double($0.1) }
    for end in ends { #expect(starts.contains { abs($0 - end) < 0.06 }) }
    let large = try layout(0.01)
    #expect(large.svg.contains("y1=\"\(Int(large.plot.bottom))\""))
  }

  /// What follows from x stands above the plot, at the places of x.
  @Test func topAxis() throws {
    let chart = try ScatterChart(
      title: "t", xAxis: .init("x"), yAxis: .init("y"),
      topAxis: .init("ten more than twice x", offset: 10, perUnit: 2),
      series: [
        .init(name: "s", points: [.init(x: 0, y: 0, label: ""), .init(x: 10, y: 1, label: "")])
      ])
    let layout = ScatterLayout(chart)
    let svg = layout.svg
    let x = layout.xScale.position(of: 5)
    let place = (x * 10).rounded() / 10
    let spelled = place == place.rounded() ? "\(Int(place))" : "\(place)"
    #expect(svg.contains("<text x=\"\(spelled)\" y=\"\(Int(layout.plot.top) - 9)\">20</text>"))
    #expect(svg.contains(">ten more than twice x</text>"))
  }

  @Test func sameBytes() throws {
    let first = ScatterLayout(try chart(crowded)).svg
    #expect(ScatterLayout(try chart(crowded)).svg == first)
  }

  @Test func textFromOutsideStaysText() throws {
    let hostile = "<script>&\"'\u{1B}[31m\u{202E}\u{FFFE}\n"
    let svg = ScatterLayout(
      try chart(
        [.init(name: hostile, points: [.init(x: 1, y: 1, label: hostile)])], title: hostile)
    ).svg
    let safe = "&lt;script&gt;&amp;&quot;&#39;\\u{1b}[31m\\u{202e}\u{FFFD}\\n"
    // The title twice and the heading, the legend, the label, and the marker's own title.
    #expect(svg.components(separatedBy: safe).count - 1 == 7)
    #expect(!svg.contains("<script") && !svg.contains("\u{1B}"))
  }

  @Test func seriesDiffer() {
    let styles = (0..<30).map { SeriesStyle(index: $0, ink: .file) }
    for (index, style) in styles.enumerated() {
      #expect(!styles[..<index].contains(style))
    }
  }

  @Test func longLegendsAndTitlesAreBroken() throws {
    let series = (0..<12).map {
      ScatterChart.Series(
        name: "a series of some length, number \($0)",
        points: [.init(x: Double($0), y: 1, label: "")])
    }
    let title = Array(repeating: "words", count: 40).joined(separator: " ")
    let layout = ScatterLayout(try chart(series, title: title))
    #expect(layout.titleLines.count > 1)
    #expect(Set(layout.legend.map(\.spot.y)).count > 2)
    #expect(layout.plot.height > 100)
    #expect(layout.unlabelled == [])
  }

  @Test(arguments: [
    (Double.nan, 1.0, "chart.not-finite"), (1, .infinity, "chart.not-finite"),
    (1e301, 1, "chart.not-finite"), (1, 0, "chart.not-positive"), (1, -2, "chart.not-positive"),
    (1, .leastNonzeroMagnitude, "chart.not-positive"),
  ])
  func coordinatesThatCannotBeDrawn(_ x: Double, _ y: Double, _ code: String) throws {
    let error = #expect(throws: ChartError.self) {
      try chart([.init(name: "s", points: [.init(x: x, y: y, label: "p")])])
    }
    #expect(error?.diagnostic.code == code)
    #expect(error?.diagnostic.message.contains("'s p'") == true)
  }

  @Test func nothingToDraw() {
    #expect(throws: ChartError.noPoints) { try chart([]) }
    #expect(throws: ChartError.noPoints) { try chart([.init(name: "s", points: [])]) }
  }
}
