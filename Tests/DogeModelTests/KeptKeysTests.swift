import DogeModel
import TestSupport
import Testing

/// The keys that are kept, found step by step, against a look at all of them.
@Suite struct KeptKeysTests {
  private struct Sequence {
    let keep: Int
    let window: Int?
    var masks: [Float] = []
    var least: [Int] = []
    var kept: KeptKeys

    init(keep: Int, window: Int?) {
      (self.keep, self.window) = (keep, window)
      kept = KeptKeys(keep: keep, slidingWindow: window)
    }

    /// The least key that the last position keeps, found anew.
    var expected: Int? {
      let seen = max(0, window.map { masks.count - $0 } ?? 0)..<masks.count
      guard seen.count > keep else { return nil }
      return seen.sorted { (masks[$0], $0) > (masks[$1], $1) }[keep - 1]
    }

    mutating func add(_ mask: Float) -> Int? {
      masks.append(mask)
      let found = kept.add(masks.count - 1) { masks[$0] }
      least.append(found ?? -1)
      return found
    }

    mutating func truncate(_ count: Int) {
      kept.truncate(to: count, mask: { masks[$0] }, least: { least[$0] })
      masks.removeLast(masks.count - count)
      least.removeLast(least.count - count)
    }
  }

  @Test(arguments: [1, 2, 7, 40], [nil, 1, 8, 50] as [Int?])
  func asAllOfThemSay(keep: Int, window: Int?) {
    for seed in 0..<3 {
      var random = SplitMix(UInt64(seed))
      var sequence = Sequence(keep: keep, window: window)
      for step in 0..<220 {
        // Few values, so that many are equal, or many.
        let mask = Float(Int.random(in: 0..<(seed % 2 == 0 ? 5 : 9999), using: &random))
        #expect(sequence.add(mask) == sequence.expected)
        // Drafts are taken back, now and then a long one.
        if step % 5 == 4 {
          let back = Int.random(in: 0...(step % 35 == 34 ? 90 : 3), using: &random)
          sequence.truncate(max(0, sequence.masks.count - back))
        }
      }
    }
  }

  /// A call that fails leaves positions behind that the next one adds again with other masks.
  @Test func positionsThatAreAddedAgain() {
    var sequence = Sequence(keep: 3, window: nil)
    for mask in [5, 1, 4, 2, 3, 9, 8] as [Float] { _ = sequence.add(mask) }
    sequence.masks.removeLast(3)
    sequence.least.removeLast(3)
    for mask in [0, 7, 6, 7] as [Float] {
      #expect(sequence.add(mask) == sequence.expected)
    }
  }
}
