import CKernels
import TestSupport
import Testing

@Suite struct SelectionTests {
  /// What must stay, by sorting: larger values first, of equals the later key.
  private func kept(_ mask: [Float], _ range: Range<Int>, _ keep: Int) -> Set<Int> {
    let order = range.sorted { mask[$0] != mask[$1] ? mask[$0] > mask[$1] : $0 > $1 }
    return Set(order.prefix(keep))
  }

  private func check(_ mask: [Float], _ range: Range<Int>, keep: Int) {
    let input = Guarded(mask)
    let out = Guarded<Float>(repeating: 99, count: mask.count)
    kb_keep_largest(
      input.base, UInt32(range.lowerBound), UInt32(range.upperBound), UInt32(keep), out.base)
    let stay = kept(mask, range, keep)
    let expected = mask.indices.map { j in
      range.contains(j) ? stay.contains(j) ? mask[j] : -.infinity : 99
    }
    #expect(bits(out.elements) == bits(expected), "\(range), keep \(keep)")
    #expect(out.isIntact)
  }

  @Test(arguments: [1, 2, 3, 17, 64, 300])
  func largestStay(count: Int) {
    var random = SplitMix(UInt64(count))
    let few: [Float] = [0, -0.0, 1, Float(1).nextUp, -1, 2, -2]
    let masks = [
      random.normals(count), random.normals(count, scale: 0x1p-133),
      random.normals(count, scale: 1e38),
      [Float](repeating: 0.25, count: count),
      (0..<count).map { _ in few[Int.random(in: 0..<few.count, using: &random)] },
      (0..<count).map { Float($0) }, (0..<count).map { -Float($0) },
      (0..<count).map { $0 % 3 == 0 ? .infinity : Float($0) },
    ]
    for mask in masks {
      for keep in Set([0, 1, 2, count / 2, count - 1, count]) where keep <= count {
        check(mask, 0..<count, keep: keep)
      }
      if count > 5 { check(mask, 3..<(count - 2), keep: (count - 5) / 2) }
    }
  }

  /// Zeros of either sign are equal, so the later one stays whatever its sign.
  @Test func equalZeros() {
    check([0, -0.0], 0..<2, keep: 1)
    check([-0.0, 0], 0..<2, keep: 1)
  }

  @Test(arguments: [1, 2, 10, 16, 17, 1000])
  func largestValues(count: Int) throws {
    var random = SplitMix(UInt64(count) + 1)
    let few: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity]
    for values in [
      random.normals(count), [Float](repeating: 1, count: count),
      (0..<count).map { _ in few[Int.random(in: 0..<few.count, using: &random)] },
    ] {
      let input = Guarded(values)
      let order = values.indices.sorted {
        values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1
      }
      for k in 1...min(16, count) {
        let found = Guarded<UInt32>(repeating: .max, count: k)
        kb_largest(input.base, UInt32(count), UInt32(k), found.base)
        #expect(found.elements.map { Int($0) } == Array(order.prefix(k)))
        #expect(found.isIntact)
      }
    }
    let (found, values) = (Guarded<UInt32>(repeating: .max, count: 3), [.nan, 1, .nan, Float(2)])
    let input = Guarded(values)
    kb_largest(input.base, 4, 3, found.base)
    #expect(found.elements == [3, 1, 0])
  }

  /// All pairs, sorted: falling scores, of equals the lower id.
  private func route(
    _ x: [Float], _ y: [Float], _ k: Int
  ) -> (experts: [UInt32], weights: [Float]) {
    let keys = x.count
    let pairs = (0..<keys * keys).map { id in (score: x[id / keys] + y[id % keys], id: id) }
    let best = pairs.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(k)
    let e = best.map { plainExp($0.score - best[0].score) }
    let sum = e.reduce(0, +)
    return (best.map { UInt32($0.id) }, e.map { $0 / sum })
  }

  private func checkRoute(_ x: [Float], _ y: [Float], _ k: Int) {
    let (left, right) = (Guarded(x), Guarded(y))
    let experts = Guarded<UInt32>(repeating: .max, count: k)
    let weights = Guarded<Float>(repeating: .nan, count: k)
    let scratch = Guarded<UInt32>(repeating: 0, count: kb_route_scratch(UInt32(k)) / 4)
    kb_route(
      left.base, right.base, UInt32(x.count), UInt32(k), experts.base, weights.base, scratch.base)
    let expected = route(x, y, k)
    #expect(experts.elements == expected.experts, "\(x.count) keys, \(k) experts")
    #expect(bits(weights.elements) == bits(expected.weights))
    #expect(experts.isIntact && weights.isIntact && scratch.isIntact)
  }

  @Test(arguments: [1, 2, 3, 4, 8, 12])
  func routingIsThatOfAllPairs(keys: Int) {
    var random = SplitMix(UInt64(keys))
    for k in 1...keys * keys {
      checkRoute(random.normals(keys), random.normals(keys), k)
      // Many ties.
      let x = (0..<keys).map { _ in Float(Int.random(in: -1...1, using: &random)) }
      let y = (0..<keys).map { _ in Float(Int.random(in: -1...1, using: &random)) }
      checkRoute(x, y, k)
      checkRoute([Float](repeating: 0, count: keys), [Float](repeating: -1, count: keys), k)
    }
  }

  /// Sums that rounding makes equal are ties too, though their halves differ.
  @Test func tiesThatRoundingMakes() {
    checkRoute([1, Float(1).nextUp], [1e8, 0], 1)
    checkRoute([1e8, 0], [1, Float(1).nextUp], 1)
    var random = SplitMix(5)
    for k in 1...20 {
      for _ in 0..<20 {
        checkRoute(random.normals(8), random.normals(8).map { $0 > 0.5 ? 1e7 : $0 }, k)
      }
    }
  }
}
