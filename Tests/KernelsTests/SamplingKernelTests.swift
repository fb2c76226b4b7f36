import CKernels
import Kernels
import TestSupport
import Testing

/// The kernels that choose a token against the scalar ones; what they choose is tested in
/// Generation.
@Suite struct SamplingKernelTests {
  private static func rows(_ count: Int) -> [[Float]] {
    var random = SplitMix(UInt64(count) + 3)
    let plain = random.normals(count, scale: 4)
    return [
      plain, plain.map { $0.rounded() }, random.normals(count, scale: 200),
      plain.map { $0 < 0 ? -.infinity : $0 }, [Float](repeating: -.infinity, count: count),
    ]
  }

  /// A row in whole vectors, -infinity past its end.
  private func padded(_ row: [Float]) -> [Float] {
    row + [Float](repeating: -.infinity, count: (16 - row.count % 16) % 16)
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func comparisons(isa: InstructionSet, count: Int) throws {
    let (set, scalar) = (try kernels(isa), try kernels(.scalar))
    for row in Self.rows(count) {
      let x = Guarded(row)
      let n = UInt32(count)
      var (found, expected) = (Float(0), Float(0))
      #expect(set.largest(x.base, n, &found) == scalar.largest(x.base, n, &expected))
      #expect(found == row.max() && expected == row.max())
      let sorted = row.sorted(by: >)
      for k in Set([1, 2, 50, count / 2, count]) where k >= 1 && k <= count {
        let least = set.kth_largest(x.base, n, UInt32(k))
        #expect(least == sorted[k - 1] && scalar.kth_largest(x.base, n, UInt32(k)) == least)
        let reached = set.often_reached(x.base, n, UInt32(k))
        #expect(reached == scalar.often_reached(x.base, n, UInt32(k)) && reached <= least)
        for bound in [least, reached] {
          let ids = Guarded<UInt32>(repeating: .max, count: row.filter { $0 >= bound }.count)
          #expect(Int(set.reaching(x.base, n, bound, ids.base)) == ids.count && ids.isIntact)
          #expect(ids.elements == row.indices.filter { row[$0] >= bound }.map { UInt32($0) })
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func weightsAndSums(isa: InstructionSet, count: Int) throws {
    let (set, scalar) = (try kernels(isa), try kernels(.scalar))
    var random = SplitMix(UInt64(count))
    for row in Self.rows(count) where row.max() != -.infinity {
      let scores = Guarded(padded(row))
      let n = UInt32(scores.count)
      let weights = Guarded<Double>(repeating: 9, count: scores.count)
      let expected = Guarded<Double>(repeating: 9, count: scores.count)
      let largest = row.max() ?? 0
      set.weigh(scores.base, largest, n, weights.base)
      scalar.weigh(scores.base, largest, n, expected.base)
      #expect(bits(weights.elements) == bits(expected.elements) && weights.isIntact)

      for (least, first) in [(-Float.infinity, 0), (row[0], count / 2)] {
        let cut = kb_cut(least: least, first: UInt32(first))
        var (sum, plain) = (0.0, 0.0)
        #expect(set.add_until(scores.base, weights.base, n, cut, .infinity, &sum) == n)
        #expect(scalar.add_until(scores.base, weights.base, n, cut, .infinity, &plain) == n)
        #expect(bits([sum]) == bits([plain]))
        for _ in 0..<20 {
          let limit = Double.random(in: 0...max(plain, 0x1p-60), using: &random)
          var (found, other) = (0.0, 0.0)
          let place = set.add_until(scores.base, weights.base, n, cut, limit, &found)
          #expect(place == scalar.add_until(scores.base, weights.base, n, cut, limit, &other))
          #expect(bits([found]) == bits([other]))
        }
      }
    }
  }

  /// Sums that lie halfway between two numbers, and those of very small weights.
  @Test(arguments: InstructionSet.available) func halfway(isa: InstructionSet) throws {
    let (set, scalar) = (try kernels(isa), try kernels(.scalar))
    var random = SplitMix(11)
    for smallest in [0x1p-53, 0x1p-54, 0x1p-200, 0x1p-1022] {
      let weights = Guarded(
        (0..<160).map { _ in
          Double.random(in: 0..<1, using: &random) < 0.1
            ? 1 : smallest * Double(Int.random(in: 0..<4, using: &random))
        })
      let scores = Guarded<Float>(repeating: 0, count: 160)
      let cut = kb_cut(least: -.infinity, first: 0)
      var (sum, plain) = (0.0, 0.0)
      _ = set.add_until(scores.base, weights.base, 160, cut, .infinity, &sum)
      _ = scalar.add_until(scores.base, weights.base, 160, cut, .infinity, &plain)
      #expect(bits([sum, plain]) == bits([plain, weights.elements.reduce(0, +)]))
    }
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func dropping(isa: InstructionSet, count: Int) throws {
    let (set, scalar) = (try kernels(isa), try kernels(.scalar))
    for row in Self.rows(count) where row.max() != -.infinity {
      let scores = padded(row)
      let n = UInt32(scores.count)
      let weights = scores.map { exactExp(Double($0) - Double(row.max() ?? 0)) }
      let total = weights.reduce(0, +)
      for dropped in [Float(0), 1e-12, 0.05, 0.5, 0.999, 1] {
        let (s, w) = (Guarded(scores), Guarded(weights))
        let scratch = Guarded<UInt32>(repeating: 0, count: scores.count)
        let cut = set.mass_cut(s.base, w.base, n, total, dropped, scratch.base)
        let plain = scalar.mass_cut(s.base, w.base, n, total, dropped, scratch.base)
        #expect(cut.least == plain.least && cut.first == plain.first && scratch.isIntact)
        let (other, others) = (Guarded(scores), Guarded(weights))
        set.drop_unlikely(s.base, w.base, n, cut, total, dropped / 10)
        scalar.drop_unlikely(other.base, others.base, n, cut, total, dropped / 10)
        #expect(bits(s.elements) == bits(other.elements) && s.isIntact)
        #expect(bits(w.elements) == bits(others.elements) && w.isIntact)
      }
    }
  }
}
