import Charts
import Foundation
import TestSupport
import Testing

/// Every kind of chart that a page has, as small and as large as they come.
enum PageCharts {
  static func histogram(_ counts: [[Int]] = [[1, 0, 4, 9, 3, 0, 0], [0, 2, 5, 7, 2, 1, 0]])
    -> Histogram?
  {
    Histogram(
      title: "Histogram", summary: "How many.", xTitle: "KLD, nats", yTitle: "positions",
      edges: edges(counts[0].count - 1), series: series(counts))
  }

  static func tail(_ counts: [[Int]] = [[0, 40, 900, 50, 3, 0], [1, 80, 700, 90, 9, 2]])
    -> LineChart?
  {
    Histogram.tail(
      title: "Tail", summary: "How many at least.", xTitle: "KLD, nats", yTitle: "share",
      edges: edges(counts[0].count - 1), series: series(counts))
  }

  private static func edges(_ count: Int) -> [Double] {
    (0..<count).map { Double("1e\($0 - 5)") ?? 0 }
  }

  private static func series(_ counts: [[Int]]) -> [Histogram.Series] {
    counts.enumerated().map { .init(name: "series \($0)", counts: $1) }
  }

  static func steps(_ count: Int = 9, names: [String] = ["error", "own error"]) -> LineChart? {
    LineChart(
      title: "Steps", summary: "Step by step.", xAxis: .init("layer"),
      yAxis: .init("relative error", .logarithmic),
      steps: (0..<count).map {
        .init(name: "step \($0)", tick: $0.isMultiple(of: 2) ? "\($0 / 2)" : "")
      },
      series: names.enumerated().map { index, name in
        .init(
          name: name,
          points: (0..<count).map {
            Spot(Double($0), $0 == 3 ? 0 : 0.001 * Double($0 * (index + 1) + 1))
          })
      })
  }

  static func density(_ counts: [[Int]] = [[9, 1, 0], [1, 200, 30], [0, 4, 2]]) -> DensityChart? {
    DensityChart(
      title: "Density", summary: "Where they are.", xTitle: "reference", yTitle: "candidate",
      edges: (0...counts.count).map { Double($0) * 2 - 3 }, counts: counts)
  }

  static func map(rows: Int = 3, columns: Int = 4, name: String = "q_proj") -> HeatMap? {
    HeatMap(
      title: "Map", summary: "Row by row.", rows: (0..<rows).map(String.init),
      columns: (0..<columns).map { "\(name)\($0)" },
      values: (0..<rows).map { row in
        (0..<columns).map { column in
          row == 1 && column == 1 ? nil : Double(row * columns + column) / 100
        }
      }, unit: " %"
    ) { "\($0)" }
  }

  static func bars(_ names: [String] = ["q_proj", "down_proj", "lm_head"]) -> BarChart? {
    BarChart(
      title: "Bars", summary: "From long to short.",
      bars: names.enumerated().map { index, name in
        let value = 0.3 / Double(index + 1)
        return .init(name: name, value: value, error: value / 10, text: "0.\(index)00e-05")
      })
  }

  static let long = String(repeating: "a long name ", count: 30)

  static let all: [(String, (any PageChart)?)] = [
    ("histogram", histogram()), ("tail", tail()), ("steps", steps()), ("density", density()),
    ("map", map()), ("bars", bars()),
  ]

  static let extremes: [(any PageChart)?] = [
    histogram([[0, 1, 0]]), histogram([[0] + Array(repeating: 123_456_789, count: 40) + [0]]),
    tail([[0, 1_000_000_000, 1, 1]]), tail([[5, 3, 0]]), steps(1), steps(141),
    steps(names: [long, long, "c", "d", "e", "f", "g", long]), steps(names: ["one"]),
    density([[1]]), density(Array(repeating: Array(repeating: 9, count: 60), count: 60)),
    map(rows: 64, columns: 20), map(rows: 1, columns: 2, name: "x"), map(name: long),
    bars([long, "short"]), bars(["one"]), bars((0..<40).map { "layers.\($0).mlp.up_proj" }),
  ]
}

@Suite struct PageChartTests {
  private func drawn(_ chart: (any PageChart)?) throws -> String {
    var writer = MarkupWriter()
    try #require(chart).write(to: &writer)
    return writer.text
  }

  /// Where a text is; tilted ones are somewhat smaller than their box.
  private func box(_ text: XMLTree, _ inherited: [String: String]) throws -> Box {
    let attributes = inherited.merging(text.attributes) { $1 }
    func number(_ key: String) -> Double? { attributes[key].flatMap(Double.init) }
    let size = try #require(number("font-size"))
    let width = TextMetrics.width(text.text, size: size)
    guard let transform = attributes["transform"] else {
      let (x, y) = (try #require(number("x")), try #require(number("y")))
      let left = ["middle": x - width / 2, "end": x - width][attributes["text-anchor"] ?? ""] ?? x
      return Box(left: left, top: y - size * 0.74, right: left + width, bottom: y)
    }
    let numbers = transform.split { !"-.0123456789".contains($0) }.compactMap { Double($0) }
    let (x, y) = (numbers[0], numbers[1])
    guard numbers[2] == -45 else {
      return Box(center: Spot(x, y), width: size, height: width)
    }
    return Box(left: x, top: y - width * 0.7072, right: x + width * 0.7072, bottom: y)
  }

  /// Checks that nothing of a chart is cut off, and that no two texts overlap.
  private func check(_ svg: String) throws {
    let root = try XMLTree.parse(svg)
    let frame = try #require(root.attributes["viewBox"]).split(separator: " ").compactMap {
      Double($0)
    }
    let paper = Box(left: 0, top: 0, right: frame[2], bottom: frame[3])
    #expect(paper.width == 460)
    var texts: [(name: String, box: Box, isTilted: Bool)] = []
    func visit(_ element: XMLTree, _ inherited: [String: String]) throws {
      if element.name == "text" {
        let isTilted = element.attributes["transform"]?.hasSuffix("rotate(-45)") == true
        texts.append((element.text, try box(element, inherited), isTilted))
      }
      let passedOn = element.attributes.filter { ["font-size", "text-anchor"].contains($0.key) }
      for child in element.children {
        try visit(child, inherited.merging(passedOn) { $1 })
      }
      let places = ["points", "d"].compactMap { element.attributes[$0] }
      let marks = element.name == "polyline" || element.name == "polygon" ? places : []
      for pair in marks.flatMap({ $0.split(separator: " ") }) {
        let numbers = pair.split(separator: ",").compactMap { Double($0) }
        let place = Spot(numbers[0], numbers[1])
        #expect(paper.nearest(to: place) == place, "\(element.name) \(pair)")
      }
      if element.name == "rect" {
        let numbers = ["x", "y", "width", "height"].compactMap {
          element.attributes[$0].flatMap(Double.init)
        }
        let box = Box(
          left: numbers[0], top: numbers[1], right: numbers[0] + numbers[2],
          bottom: numbers[1] + numbers[3])
        #expect(paper.contains(box), "\(box)")
      }
    }
    try visit(root, [:])
    for (index, text) in texts.enumerated() {
      #expect(paper.contains(text.box), "'\(text.name)' is cut off: \(text.box)")
      for other in texts[(index + 1)...] {
        if text.isTilted, other.isTilted {
          #expect(abs(text.box.left - other.box.left) * 0.7072 > 10, "\(text.name) \(other.name)")
        } else {
          #expect(!text.box.overlaps(other.box), "'\(text.name)' '\(other.name)'")
        }
      }
    }
  }

  @Test(arguments: PageCharts.all.map(\.0)) func snapshot(_ name: String) throws {
    let chart = PageCharts.all.first { $0.0 == name }?.1
    let svg = try drawn(chart)
    try check(svg)
    let file = Fixtures.repository.appending(path: "Tests/ChartsTests/Snapshots/\(name).svg")
    if ProcessInfo.processInfo.environment["KIBBLE_UPDATE_SNAPSHOTS"] == "1" {
      try Data(svg.utf8).write(to: file)
    }
    #expect(try svg == String(contentsOf: file, encoding: .utf8))
  }

  @Test(arguments: PageCharts.extremes.indices) func extremes(_ index: Int) throws {
    try check(drawn(PageCharts.extremes[index]))
  }

  @Test func everyBinAndEveryCellIsDrawn() throws {
    // Outlines go up and down once for each bin.
    let bins = try XMLTree.parse(drawn(PageCharts.histogram([[0, 5, 0, 7, 0]]))).all("path")
    #expect(bins.count == 1 && bins[0].attributes["d"]?.count { $0 == "H" } == 3)
    let cells = try XMLTree.parse(drawn(PageCharts.density())).all("path")
    // Seven cells, of which the two ones of the middle row are of different steps.
    #expect(cells.reduce(0) { $0 + ($1.attributes["d"]?.count { $0 == "M" } ?? 0) } == 7)
    let map = try XMLTree.parse(drawn(PageCharts.map()))
    #expect(map.all("g").count == 11)
    #expect(map.all("title").map(\.text).contains("2, q_proj3: 0.11"))
  }

  @Test func theTailIsTheShareOfTheRest() throws {
    let tail = try XMLTree.parse(drawn(PageCharts.tail([[0, 0, 5, 3, 2, 0]])))
    #expect(
      tail.all("title").dropFirst().map(\.text) == [
        "series 0, 0.0001: 1.0", "series 0, 0.001: 0.5", "series 0, 0.01: 0.2",
      ])
  }

  @Test func nothingToDraw() {
    #expect(PageCharts.histogram([[9, 0, 0, 4]]) == nil)
    #expect(PageCharts.tail([[9, 0, 0]]) == nil)
    #expect(PageCharts.steps(0) == nil)
    #expect(PageCharts.density([[0, 0], [0, 0]]) == nil)
    #expect(PageCharts.map(rows: 1, columns: 1) == nil)
    #expect(PageCharts.bars([]) == nil)
    let line = LineChart.Series(name: "s", points: [Spot(0, 0), Spot(1, .nan)])
    #expect(
      LineChart(
        title: "", summary: "", xAxis: .init("x"), yAxis: .init("y", .logarithmic),
        series: [line]) == nil)
  }

  @Test func textFromOutsideStaysText() throws {
    let hostile = "</text><script>&\"'\u{1B}\u{FFFE}"
    for chart: (any PageChart)? in [
      PageCharts.steps(names: [hostile, hostile]), PageCharts.bars([hostile]),
      PageCharts.map(name: hostile),
    ] {
      let svg = try drawn(chart)
      try check(svg)
      let root = try XMLTree.parse(svg)
      #expect(!svg.contains("<script") && !svg.contains("\u{1B}"))
      #expect(root.all("text").contains { $0.text.hasPrefix("</text><script>&") })
    }
  }
}
