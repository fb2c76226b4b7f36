/// How a series looks: its own colour, and its own marker for those who don't see colours.
package struct SeriesStyle: Equatable, Sendable {
  package enum Marker: CaseIterable, Sendable {
    case circle, square, diamond, triangle, pentagon, downTriangle
  }

  package let color: String
  package let marker: Marker

  /// The style of the series at that index; the first 30 differ from each other.
  package init(index: Int, ink: Ink) {
    color = ink.series[index % ink.series.count]
    let round = index / ink.series.count
    marker = Marker.allCases[(index + round) % Marker.allCases.count]
  }

  /// About the distance from a marker's centre to its outline.
  static let radius = 4.2
}

extension MarkupWriter {
  /// A marker with a thin outline of the paper's colour, or hollow.
  mutating func marker(
    _ style: SeriesStyle, at spot: Spot, hollow: Bool = false, ink: Ink = .file
  ) {
    let radius = SeriesStyle.radius
    let fill = hollow ? ink.paper : style.color
    let stroke = hollow ? style.color : ink.paper
    let width = hollow ? "1.6" : "1"
    func polygon(_ corners: [(x: Double, y: Double)]) -> String {
      corners.map { Spot(spot.x + $0.x * radius, spot.y + $0.y * radius).spelled }
        .joined(separator: " ")
    }
    switch style.marker {
    case .circle:
      element(
        "circle",
        [
          "cx": spot.x, "cy": spot.y, "r": radius, "fill": fill, "stroke": stroke,
          "stroke-width": width,
        ])
      return
    case .square:
      draw(polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]))
    case .diamond: draw(polygon([(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)]))
    case .triangle: draw(polygon([(0, -1.2), (1.15, 0.85), (-1.15, 0.85)]))
    case .downTriangle: draw(polygon([(0, 1.2), (-1.15, -0.85), (1.15, -0.85)]))
    case .pentagon:
      draw(polygon([(0, -1.1), (1.05, -0.34), (0.65, 0.9), (-0.65, 0.9), (-1.05, -0.34)]))
    }
    func draw(_ points: String) {
      element(
        "polygon",
        ["points": points, "fill": fill, "stroke": stroke, "stroke-width": width])
    }
  }
}
