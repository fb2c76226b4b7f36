/// Horizontal bars from zero, each with its name and its value.
package struct BarChart: PageChart {
  package struct Bar: Sendable {
    let name: String
    let value: Double
    let error: Double
    let text: String

    /// A bar whose value is shown as `text`; less than zero has no length.
    package init(name: String, value: Double, error: Double = 0, text: String) {
      self.name = name
      self.value = max(0, value)
      self.error = error
      self.text = text
    }

    var end: Double { value + error }
  }

  package let title: String
  package let summary: String
  private let bars: [Bar]
  /// Their names as far as they have room.
  private let names: [String]
  /// Where the bars begin.
  private let left: Double
  private let scale: Scale
  /// Whether the names stand above their bars, being too long to stand beside them.
  private let isStacked: Bool

  /// Makes a chart; nil where no bar has a length.
  ///
  /// - Parameters:
  ///   - title: what it is called.
  ///   - summary: what it shows, in words.
  ///   - bars: the bars from top to bottom.
  package init?(title: String, summary: String, bars: [Bar]) {
    guard let longest = bars.map(\.end).max(), longest > 0, longest <= 1e300 else { return nil }
    self.title = title
    self.summary = summary
    self.bars = bars
    names = bars.map {
      TextMetrics.fitted($0.name, size: PageSize.text, width: PageSize.width - 4)
    }
    func widest(_ texts: [String]) -> Double {
      texts.map { TextMetrics.width($0, size: PageSize.text) }.max() ?? 0
    }
    isStacked = widest(names) > 120
    left = isStacked ? 1 : widest(names) + 9
    scale = Scale(
      .linear, domain: 0...longest, start: left,
      end: PageSize.width - 8 - widest(bars.map(\.text)))
  }

  private var pitch: Double { isStacked ? 40 : 24 }

  package var height: Double { Double(bars.count) * pitch + 6 }

  package func draw(_ writer: inout MarkupWriter) {
    for (index, bar) in bars.enumerated() {
      let middle = Double(index + 1) * pitch - 9
      writer.element("g") { writer in
        writer.element("title", holding: "\(bar.name): \(bar.value)")
        writer.element(
          "text",
          isStacked
            ? ["x": left, "y": middle - 13]
            : ["x": left - 8, "y": middle + 4.5, "text-anchor": "end"], holding: names[index])
        let end = scale.position(of: bar.value)
        writer.element(
          "rect",
          [
            "x": left, "y": middle - 7, "width": max(1, end - left), "height": 14, "rx": "1.5",
            "fill": Ink.page.series[0],
          ])
        if bar.error > 0 {
          let least = scale.position(of: max(0, bar.value - bar.error))
          writer.line(
            Segment(Spot(least, middle), Spot(scale.position(of: bar.end), middle)),
            color: Ink.page.text, width: "1.4")
        }
        writer.element(
          "text",
          ["x": scale.position(of: bar.end) + 6, "y": middle + 4.5, "fill": Ink.page.faintText],
          holding: bar.text)
      }
    }
  }
}
