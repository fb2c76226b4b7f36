import TensorCore

extension RowOrder {
  /// Rows in bands that begin with those stored rows, in an order without any pattern.
  public static func shuffled(_ firstRows: [Int], rows: Int) -> RowOrder {
    var bands = (0..<rows).map { row in UInt8((firstRows.lastIndex { $0 <= row }) ?? 0) }
    var random = SplitMix64(state: UInt64(rows))
    for index in bands.indices.reversed() {
      bands.swapAt(index, Int(random.next() % UInt64(index + 1)))
    }
    return RowOrder(bands: bands)
  }
}
