import CKernels
import Kernels
import TestSupport
import Testing

@Suite struct LogitKernelTests {
  private func softmaxSum(_ logits: [Float]) -> (max: Double, sum: Double) {
    let max = Double(logits.max() ?? 0)
    return (max, logits.reduce(0) { $0 + exactExp(Double($1) - max) })
  }

  private func logSumExp(_ logits: [Float]) -> Double {
    let (max, sum) = softmaxSum(logits)
    return max + exactLog(sum)
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  private static let scales: [Float] = [0.01, 5, 300, 5000]

  @Test(arguments: InstructionSet.available, edgeSizes)
  func logOfTheSumOfExp(isa: InstructionSet, count: Int) throws {
    for scale in Self.scales {
      var random = SplitMix(UInt64(count))
      let logits = Guarded(random.normals(count, scale: scale))
      let found = try kernels(isa).log_sum_exp(logits.base, UInt32(count))
      let scalar = try kernels(.scalar).log_sum_exp(logits.base, UInt32(count))
      #expect(bits([found]) == bits([scalar]))
      #expect(close(found, logSumExp(logits.elements)))
    }
  }

  private func compare(_ isa: InstructionSet, _ r: [Float], _ c: [Float]) throws
    -> kb_logit_difference
  {
    let (reference, candidate) = (Guarded(r), Guarded(c))
    var out = kb_logit_difference()
    try kernels(isa).compare_logits(reference.base, candidate.base, UInt32(r.count), &out)
    return out
  }

  private func numbers(_ d: kb_logit_difference) -> [UInt64] {
    bits([
      d.kl, d.reverse_kl, d.reference_lse, d.candidate_lse, d.squared_difference,
      d.max_abs_difference, d.reference_sum, d.reference_square_sum, Double(d.reference_top),
      Double(d.candidate_top),
      Double(d.reference_margin),
    ])
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func comparison(isa: InstructionSet, count: Int) throws {
    for scale in Self.scales {
      var random = SplitMix(UInt64(count) + 7)
      let r = random.normals(count, scale: scale)
      let c = r.map { $0 + random.normal() * scale * 0.05 }
      let found = try compare(isa, r, c)
      #expect(numbers(found) == numbers(try compare(.scalar, r, c)))

      let (rLSE, cLSE) = (logSumExp(r), logSumExp(c))
      let differences = zip(r, c).map { Double($0) - Double($1) }
      let kl = zip(r, c).reduce(0.0) { sum, pair in
        let p = exactExp(Double(pair.0) - rLSE)
        return sum + p * ((Double(pair.0) - rLSE) - (Double(pair.1) - cLSE))
      }
      let reverse = zip(r, c).reduce(0.0) { sum, pair in
        let q = exactExp(Double(pair.1) - cLSE)
        return sum + q * ((Double(pair.1) - cLSE) - (Double(pair.0) - rLSE))
      }
      #expect(close(found.kl, kl, 1e-12 * max(1, Double(scale))))
      #expect(close(found.reverse_kl, reverse, 1e-12 * max(1, Double(scale))))
      #expect(close(found.reference_lse, rLSE) && close(found.candidate_lse, cLSE))
      #expect(close(found.squared_difference, differences.reduce(0) { $0 + $1 * $1 }))
      #expect(found.max_abs_difference == differences.map(abs).max())
      #expect(close(found.reference_sum, r.reduce(0) { $0 + Double($1) }, 1e-10))
      #expect(close(found.reference_square_sum, r.reduce(0) { $0 + Double($1) * Double($1) }))
      #expect(Int(found.reference_top) == r.firstIndex(of: r.max() ?? 0))
      #expect(Int(found.candidate_top) == c.firstIndex(of: c.max() ?? 0))
      let sorted = r.sorted(by: >)
      #expect(found.reference_margin == (count > 1 ? sorted[0] - sorted[1] : .infinity))
    }
  }

  @Test(arguments: InstructionSet.available)
  func equalRowsDoNotDiffer(isa: InstructionSet) throws {
    var random = SplitMix(1)
    let logits = random.normals(77, scale: 10)
    let found = try compare(isa, logits, logits)
    #expect(found.kl == 0)
    #expect(found.squared_difference == 0)
    #expect(found.max_abs_difference == 0)
    #expect(found.reference_lse == found.candidate_lse)
  }

  @Test(arguments: InstructionSet.available)
  func theFirstOfEqualLogitsIsTheTop(isa: InstructionSet) throws {
    let found = try compare(isa, [1, 3, 2, 3, 3], [2, -1, 2, 0, 2])
    #expect(found.reference_top == 1)
    #expect(found.candidate_top == 0)
    #expect(found.reference_margin == 0)
  }
}
