/// A text that belongs to a marker.
package struct LabelRequest: Equatable, Sendable {
  /// The centre of the marker.
  package let anchor: Spot
  package let width: Double
  package let height: Double

  package init(anchor: Spot, width: Double, height: Double) {
    self.anchor = anchor
    self.width = width
    self.height = height
  }
}

/// Where a label came to stand.
package struct PlacedLabel: Equatable, Sendable {
  package let box: Box
  /// A thin line from the marker, where the label stands away from it.
  package let leader: Segment?
}

/// Finds places for labels: close to their markers, over no other label, marker or line.
///
/// Each label in turn takes the cheapest free place of a fixed set around its marker; then all of
/// them choose again, given the others' choices, until none moves. Of several orders in which they
/// choose, the best result is kept. A label that finds no place is left out. The result depends on
/// nothing but the input.
package struct LabelPlacement: Sendable {
  /// The part of the drawing, in pixels, that labels may cover.
  package let bounds: Box
  /// The outer radius of a marker.
  package let markerRadius: Double
  /// The lines that labels keep off.
  package let lines: [Segment]

  private static let gaps: [Double] = [3, 6, 10, 15, 21, 28, 36, 45, 56, 68, 82, 100, 130, 170]
  private static let rounds = 12
  private static let mostAttempts = 100
  /// The farthest that a label stands from its marker without a line.
  private static let farthestWithoutLeader = 11.0

  package init(bounds: Box, markerRadius: Double, lines: [Segment]) {
    self.bounds = bounds
    self.markerRadius = markerRadius
    self.lines = lines
  }

  /// - Parameter requests: the labels.
  /// - Returns: the place of each; nil where there is none.
  package func place(_ requests: [LabelRequest]) -> [PlacedLabel?] {
    let markers = requests.map {
      Box(center: $0.anchor, width: markerRadius * 2, height: markerRadius * 2)
    }
    var best: [Choice?] = []
    var least = Double.infinity
    for order in orders(requests) {
      let choices = choose(requests, markers, in: order)
      let cost = total(choices, markers)
      if cost < least { (best, least) = (choices, cost) }
    }
    return best.map { $0?.place }
  }

  /// A label's place, and how far from the ideal one it is by itself.
  private struct Choice: Equatable {
    let place: PlacedLabel
    let distance: Double
  }

  /// Lets the labels choose in that order, and again until all stay.
  private func choose(
    _ requests: [LabelRequest], _ markers: [Box], in order: [Int]
  ) -> [Choice?] {
    var choices = [Choice?](repeating: nil, count: requests.count)
    for _ in 0..<Self.rounds {
      var moved = false
      for index in order {
        let choice = best(index, requests, markers, choices)
        if choice != choices[index] {
          choices[index] = choice
          moved = true
        }
      }
      if !moved { break }
    }
    return choices
  }

  /// What is bad about all choices together; a missing label is the worst.
  private func total(_ choices: [Choice?], _ markers: [Box]) -> Double {
    choices.enumerated().reduce(0) { sum, element in
      guard let choice = element.element else { return sum + 1000 }
      let cost = cost(of: choice.place, for: element.offset, markers, choices)
      return sum + choice.distance + (cost ?? 1000)
    }
  }

  /// The orders to try.
  ///
  /// The first begins with the labels whose markers have many neighbours, since these have the
  /// fewest places to choose from; the others are shuffled.
  private func orders(_ requests: [LabelRequest]) -> [[Int]] {
    let neighbours = requests.map { request in
      requests.count { $0.anchor.distance(to: request.anchor) < 60 }
    }
    let crowdedFirst = requests.indices.sorted { (-neighbours[$0], $0) < (-neighbours[$1], $1) }
    let attempts = min(Self.mostAttempts, 3000 / (requests.count + 1))
    return [crowdedFirst]
      + (0..<UInt64(attempts)).map { attempt in
        let factor = 0x9E37_79B9_7F4A_7C15 &* (2 &* attempt &+ 1)
        func key(_ index: Int) -> UInt64 { (UInt64(index + 1) &* factor) >> 20 }
        return requests.indices.sorted { (key($0), $0) < (key($1), $1) }
      }
  }

  private func best(
    _ index: Int, _ requests: [LabelRequest], _ markers: [Box], _ choices: [Choice?]
  ) -> Choice? {
    var best: Choice?
    var least = Double.infinity
    for gap in Self.gaps {
      // No place costs less than its gap.
      if gap >= least { break }
      for (direction, preference) in Self.directions {
        let distance = gap + preference
        guard distance < least else { continue }
        let candidate = candidate(requests[index], gap: gap, direction: direction)
        guard let cost = cost(of: candidate, for: index, markers, choices) else { continue }
        if distance + cost < least {
          least = distance + cost
          best = Choice(place: candidate, distance: distance)
        }
      }
    }
    return best
  }

  /// Sixteen sides of a marker, as parts of the way to the label's box; to the right is best.
  private static let directions: [(direction: Spot, preference: Double)] = [
    (Spot(1, 0), 0), (Spot(0, -1), 0.5), (Spot(0, 1), 0.5), (Spot(-1, 0), 1),
    (Spot(1, -0.5), 2), (Spot(1, 0.5), 2), (Spot(1, -1), 2), (Spot(1, 1), 2),
    (Spot(0.5, -1), 2), (Spot(0.5, 1), 2), (Spot(-0.5, -1), 3), (Spot(-0.5, 1), 3),
    (Spot(-1, -0.5), 3), (Spot(-1, 0.5), 3), (Spot(-1, -1), 3), (Spot(-1, 1), 3),
  ]

  private func candidate(
    _ request: LabelRequest, gap: Double, direction: Spot
  ) -> PlacedLabel {
    let center = Spot(
      request.anchor.x + direction.x * (request.width / 2 + markerRadius + gap),
      request.anchor.y + direction.y * (request.height / 2 + markerRadius + gap))
    let box = Box(center: center, width: request.width, height: request.height)
    let end = box.nearest(to: request.anchor)
    let distance = end.distance(to: request.anchor)
    guard distance > markerRadius + Self.farthestWithoutLeader else {
      return PlacedLabel(box: box, leader: nil)
    }
    func onTheWay(_ pixels: Double) -> Spot {
      Spot(
        request.anchor.x + (end.x - request.anchor.x) * pixels / distance,
        request.anchor.y + (end.y - request.anchor.y) * pixels / distance)
    }
    // It ends before the text, which it would otherwise seem to be a part of.
    return PlacedLabel(
      box: box, leader: Segment(onTheWay(markerRadius), onTheWay(distance - 2.5)))
  }

  /// What is bad about a place; nil where the label may not stand there at all.
  private func cost(
    of place: PlacedLabel, for index: Int, _ markers: [Box], _ choices: [Choice?]
  ) -> Double? {
    let box = place.box.grown(by: 1)
    guard bounds.contains(place.box) else { return nil }
    guard !markers.contains(where: box.overlaps), !lines.contains(where: box.overlaps) else {
      return nil
    }
    var cost = place.leader == nil ? 0.0 : 6
    for case let (other, choice?) in choices.enumerated() where other != index {
      let label = choice.place
      guard !label.box.overlaps(box.grown(by: 3, vertically: 0)) else { return nil }
      if let leader = label.leader, box.overlaps(leader) { return nil }
      guard let leader = place.leader else { continue }
      if label.box.grown(by: 1).overlaps(leader) { return nil }
      if let crossing = label.leader, crossing.crosses(leader) { cost += 60 }
    }
    if let leader = place.leader {
      for (other, marker) in markers.enumerated() where other != index && marker.overlaps(leader) {
        cost += 70
      }
      cost += Double(lines.count { $0.crosses(leader) }) * 8
    } else {
      // Without a line the reader takes a label for that of the closest marker.
      let own = distance(from: place.box, to: markers[index])
      for (other, marker) in markers.enumerated() where other != index {
        if distance(from: place.box, to: marker) < own + 1.5 { cost += 12 }
      }
    }
    return cost
  }

  private func distance(from box: Box, to marker: Box) -> Double {
    let center = Spot((marker.left + marker.right) / 2, (marker.top + marker.bottom) / 2)
    return box.nearest(to: center).distance(to: center)
  }
}
