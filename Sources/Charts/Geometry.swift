/// A place on a drawing, in pixels from its upper left corner.
package struct Spot: Equatable, Sendable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// How far it is to another place.
  package func distance(to other: Spot) -> Double {
    let (dx, dy) = (x - other.x, y - other.y)
    return (dx * dx + dy * dy).squareRoot()
  }
}

/// A straight line between two places.
package struct Segment: Equatable, Sendable {
  package var start: Spot
  package var end: Spot

  package init(_ start: Spot, _ end: Spot) {
    self.start = start
    self.end = end
  }

  /// Whether the two have a point in common, by the sides on which their ends lie.
  package func crosses(_ other: Segment) -> Bool {
    func side(_ line: Segment, _ spot: Spot) -> Double {
      (line.end.x - line.start.x) * (spot.y - line.start.y)
        - (line.end.y - line.start.y) * (spot.x - line.start.x)
    }
    return side(self, other.start) * side(self, other.end) <= 0
      && side(other, start) * side(other, end) <= 0
  }
}

/// A rectangle along the axes.
package struct Box: Equatable, Sendable {
  package var left: Double
  package var top: Double
  package var right: Double
  package var bottom: Double

  package init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// The box of that size around a place.
  package init(center: Spot, width: Double, height: Double) {
    self.init(
      left: center.x - width / 2, top: center.y - height / 2, right: center.x + width / 2,
      bottom: center.y + height / 2)
  }

  package var width: Double { right - left }
  package var height: Double { bottom - top }

  /// With so much more on the left and the right, and as much or `vertically` above and below.
  package func grown(by margin: Double, vertically: Double? = nil) -> Box {
    let height = vertically ?? margin
    return Box(
      left: left - margin, top: top - height, right: right + margin, bottom: bottom + height)
  }

  package func overlaps(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  package func contains(_ other: Box) -> Bool {
    left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
  }

  /// The place in the box that is closest to another one.
  package func nearest(to spot: Spot) -> Spot {
    Spot(min(max(spot.x, left), right), min(max(spot.y, top), bottom))
  }

  /// Whether some of the segment lies inside (Liang and Barsky).
  package func overlaps(_ segment: Segment) -> Bool {
    let (dx, dy) = (segment.end.x - segment.start.x, segment.end.y - segment.start.y)
    var (first, last) = (0.0, 1.0)
    for (direction, distance) in [
      (-dx, segment.start.x - left), (dx, right - segment.start.x),
      (-dy, segment.start.y - top), (dy, bottom - segment.start.y),
    ] {
      if direction == 0 {
        if distance <= 0 { return false }
      } else if direction < 0 {
        first = max(first, distance / direction)
      } else {
        last = min(last, distance / direction)
      }
    }
    return first < last
  }
}
