import Charts
import Testing

@Suite struct GeometryTests {
  let box = Box(left: 10, top: 10, right: 30, bottom: 20)

  @Test(arguments: [
    (Segment(Spot(0, 15), Spot(40, 15)), true),  // through
    (Segment(Spot(15, 15), Spot(16, 16)), true),  // inside
    (Segment(Spot(0, 0), Spot(20, 15)), true),  // into it
    (Segment(Spot(0, 15), Spot(9, 15)), false),  // ends before it
    (Segment(Spot(0, 25), Spot(25, 0)), true),  // cuts the corner
    (Segment(Spot(0, 18), Spot(18, 0)), false),  // passes the corner
    (Segment(Spot(0, 10), Spot(40, 10)), false),  // along the edge
    (Segment(Spot(12, 0), Spot(12, 9)), false),
  ])
  func segmentsInABox(_ segment: Segment, _ isInside: Bool) {
    #expect(box.overlaps(segment) == isInside)
    #expect(box.overlaps(Segment(segment.end, segment.start)) == isInside)
  }

  @Test func boxes() {
    #expect(box.overlaps(Box(left: 29, top: 19, right: 50, bottom: 50)))
    #expect(!box.overlaps(Box(left: 30, top: 10, right: 50, bottom: 20)))
    #expect(box.grown(by: 1).contains(box) && !box.contains(box.grown(by: 1)))
    #expect(box.nearest(to: Spot(0, 50)) == Spot(10, 20))
  }

  @Test func crossings() {
    let diagonal = Segment(Spot(0, 0), Spot(10, 10))
    #expect(diagonal.crosses(Segment(Spot(0, 10), Spot(10, 0))))
    #expect(!diagonal.crosses(Segment(Spot(6, 4), Spot(10, 0))))
  }

  @Test func front() {
    let points = [Spot(5, 3), Spot(4, 9), Spot(5, 2), Spot(4, 9), Spot(6, 2), Spot(8, 1)]
    #expect(paretoFront(points) == [1, 2, 5])
    #expect(paretoFront([]) == [])
  }
}
