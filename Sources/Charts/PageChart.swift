/// A drawing within a page: made for the width of a phone, in the page's colours.
///
/// The page has the `Ink.styleSheet`, and says the title beside the drawing.
package protocol PageChart: Sendable {
  var title: String { get }
  /// What it shows, in words.
  var summary: String { get }
  var height: Double { get }
  /// Writes everything within the `svg` element.
  func draw(_ writer: inout MarkupWriter)
}

/// The sizes of a page's charts: on a screen of 390 pixels, 13 become more than 10.
enum PageSize {
  static let width = 460.0
  static let text = 13.0
  static let cellText = 12.6
}

extension PageChart {
  /// Writes the chart as an element of a page.
  package func write(to writer: inout MarkupWriter) {
    writer.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": "0 0 \(PageSize.width.spelled) \(height.spelled)",
        "preserveAspectRatio": "xMinYMin", "role": "img", "aria-label": title,
        "font-family": TextMetrics.family, "font-size": PageSize.text,
        "fill": Ink.page.text,
      ]
    ) { writer in
      writer.element("title", holding: title)
      writer.element("desc", holding: summary)
      draw(&writer)
    }
  }
}

extension Axes {
  /// The axes of a page's chart, whose labels decide how much room is left.
  ///
  /// `x` and `y` are the kinds and the ends of the axes, `top` is where the area between them
  /// begins; `categories` stand below 0, 1, … instead of numbers, empty ones for nothing.
  init(
    x: (kind: Scale.Kind, domain: ClosedRange<Double>), xTitle: String,
    y: (kind: Scale.Kind, domain: ClosedRange<Double>), yTitle: String,
    categories: [String] = [], top: Double, height: Double = 220
  ) {
    let yScale = Scale(y.kind, domain: y.domain, start: top + height, end: top)
    let yTicks = yScale.ticks(spacing: 24)
    let widest = yTicks.map { TextMetrics.width($0.label, size: PageSize.text) }.max() ?? 0
    let xScale = Scale(
      x.kind, domain: x.domain, start: 24 + widest + 9, end: PageSize.width - 14)
    let ticks =
      categories.isEmpty
      ? xScale.ticks(spacing: 64) : Self.ticks(of: categories, on: xScale)
    self.init(
      plot: Box(left: xScale.start, top: top, right: xScale.end, bottom: top + height),
      xScale: xScale, yScale: yScale,
      xTicks: ticks.map { tick in
        let half = TextMetrics.width(tick.label, size: PageSize.text) / 2
        let isInside = xScale.position(of: tick.value) + half <= PageSize.width
        return isInside ? tick : Tick(value: tick.value, label: "", isMajor: tick.isMajor)
      },
      yTicks: yTicks, xTitle: xTitle, yTitle: yTitle, ink: .page, titleLeft: 9,
      textSize: PageSize.text, labelSize: PageSize.text)
  }

  /// Where the horizontal title ends.
  var bottom: Double { plot.bottom + 52 }

  /// Every category that has a label, or as many of them as have room.
  private static func ticks(of categories: [String], on scale: Scale) -> [Tick] {
    let all = categories.indices.filter { !categories[$0].isEmpty }.map { index in
      Tick(value: Double(index), label: categories[index], isMajor: true)
    }
    func fits(_ ticks: [Tick]) -> Bool {
      zip(ticks, ticks.dropFirst()).allSatisfy { tick, next in
        let width = TextMetrics.width(tick.label + next.label, size: PageSize.text) / 2
        return scale.position(of: next.value) - scale.position(of: tick.value) >= width + 6
      }
    }
    for stride in 1...max(1, all.count) {
      let ticks = Swift.stride(from: 0, to: all.count, by: stride).map { all[$0] }
      if fits(ticks) { return ticks }
    }
    return []
  }
}
