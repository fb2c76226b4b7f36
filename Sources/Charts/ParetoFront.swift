/// Finds the points that no other one beats in both coordinates, smaller being better.
///
/// - Parameter points: the points; of equal ones the first is on the front.
/// - Returns: their indices, from left to right.
package func paretoFront(_ points: [Spot]) -> [Int] {
  let order = points.indices.sorted {
    (points[$0].x, points[$0].y, $0) < (points[$1].x, points[$1].y, $1)
  }
  var front: [Int] = []
  var best = Double.infinity
  for index in order where points[index].y < best {
    best = points[index].y
    front.append(index)
  }
  return front
}
