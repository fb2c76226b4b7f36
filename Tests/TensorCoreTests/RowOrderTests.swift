import TensorCore
import TestSupport
import Testing

@Suite struct RowOrderTests {
  /// Band by band, and in each as the rows follow each other.
  @Test func small() {
    let order = RowOrder(bands: [1, 0, 2, 1, 0, 1])
    #expect(order.counts == [2, 3, 1])
    #expect(order.rows == [1, 4, 0, 3, 5, 2])
    #expect(order.places == [2, 0, 5, 3, 1, 4])
  }

  /// Bands without rows, and no rows at all.
  @Test func gaps() {
    #expect(RowOrder(bands: [2, 2]).counts == [0, 0, 2])
    #expect(RowOrder(bands: []).counts.isEmpty)
  }

  @Test func shuffled() {
    let order = RowOrder.shuffled([0, 16, 48], rows: 100)
    #expect(order.counts == [16, 32, 52])
    #expect(order.rows.sorted() == (0..<100).map { UInt32($0) })
    #expect(order.rows != order.rows.sorted())
    for (place, row) in order.rows.enumerated() { #expect(order.places[Int(row)] == place) }
    for (first, end) in [(0, 16), (16, 48), (48, 100)] {
      #expect(order.rows[first..<end].sorted() == Array(order.rows[first..<end]))
    }
  }
}
