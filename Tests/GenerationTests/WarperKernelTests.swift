import Generation
import Kernels
import TestSupport
import Testing

/// What the kernels choose from is what sorting and adding one after the other gives, to the bit.
@Suite struct WarperKernelTests {
  private static let cuts: [(topP: Double, minP: Double?)] = [
    (1, nil), (0.9, nil), (0, nil), (1e-9, nil), (0.999999, nil), (0x1.fffffffffffffp-1, nil),
    (1, 0.05), (0.8, 0.001), (1, 0), (1, 1),
  ]

  /// Rows of logits that are hard in one way each.
  private static func rows(_ count: Int) -> [[Float]] {
    var random = SplitMix(UInt64(count))
    let plain = random.normals(count, scale: 3)
    let steep = random.normals(count, scale: 40)
    var masked = plain
    for index in stride(from: 0, to: count - 1, by: 3) { masked[index] = -.infinity }
    return [
      plain, steep, masked, plain.map { ($0 * 2).rounded() / 2 }, plain.sorted(),
      plain.sorted(by: >), random.normals(count, scale: 1e-4),
      random.normals(count, scale: 0x1p-140),
      [Float](repeating: 0.5, count: count), (0..<count).map { $0 % 2 == 0 ? 0 : -0.0 },
      (0..<count).map { $0 == count / 2 ? 30 : -Float($0) * 30 },
    ]
  }

  private func check(
    _ warper: LogitsWarper, _ logits: [Float], _ options: SamplingOptions
  ) throws {
    let seen = SeenTokens(vocabulary: logits.count)
    let found = warper.distribution(of: logits.span, seen: seen)
    guard let plain = PlainWarper(logits, options) else {
      #expect(found == nil)
      return
    }
    let distribution = try #require(found)
    #expect(distribution.total == plain.total, "\(options)")
    // Tokens without a weight cannot be drawn, whether they are held or not.
    let candidates = distribution.candidates.filter { $0.weight > 0 }
    let expected = plain.tokens.filter { $0.weight > 0 }
    #expect(candidates.map(\.id) == expected.map(\.id), "\(options)")
    #expect(candidates.map(\.score) == expected.map(\.score))
    #expect(candidates.map(\.weight) == expected.map(\.weight))
    for seed in 0..<20 as Range<UInt64> {
      var (sampler, other) = (Sampler(seed: seed), Sampler(seed: seed))
      #expect(sampler.draw(from: distribution)?.id == plain.drawn(by: &other))
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 15, 16, 17, 100, 1000])
  func equalsTheScalarWay(isa: InstructionSet, count: Int) throws {
    let compute = try compute(isa)
    for logits in Self.rows(count) {
      for k in Set([0, 1, 2, 7, 50, 300, count - 1, count, count + 1]) where k >= 0 {
        for (index, cut) in Self.cuts.enumerated() {
          var options = SamplingOptions()
          options.topK = k
          (options.topP, options.minP) = cut
          options.temperature = [1, 0.8, 1.7, 1e30][(index + k) % 4]
          try check(LogitsWarper(options, compute: compute), logits, options)
        }
      }
    }
  }

  /// Several threads weigh a large vocabulary.
  @Test(arguments: [1, 2, 3]) func threads(_ count: Int) throws {
    var random = SplitMix(4)
    var options = SamplingOptions()
    (options.topK, options.topP) = (0, 0.9)
    let compute = try Compute(threads: count)
    for size in [4095, 5003, 40_000] {
      try check(LogitsWarper(options, compute: compute), random.normals(size), options)
    }
  }

  @Test(arguments: InstructionSet.available, [1, 15, 16, 40, 1000])
  func notFinite(isa: InstructionSet, count: Int) throws {
    let compute = try compute(isa)
    let seen = SeenTokens(vocabulary: count)
    var random = SplitMix(7)
    let good = random.normals(count)
    for place in Set([0, count / 2, count - 1]) {
      for bad in [Float.nan, .infinity] {
        var logits = good
        logits[place] = bad
        for k in [0, 1, 5] {
          var options = SamplingOptions()
          options.topK = k
          let warper = LogitsWarper(options, compute: compute)
          #expect(warper.distribution(of: logits.span, seen: seen) == nil)
          #expect(warper.mostLikely(of: logits.span, seen: seen) == nil)
        }
      }
      // The largest of several equals is the first.
      var logits = good
      let largest = 1 + (good.max() ?? 0)
      for index in place..<count { logits[index] = largest }
      let warper = LogitsWarper(SamplingOptions(), compute: compute)
      #expect(warper.mostLikely(of: logits.span, seen: seen) == place)
    }
  }
}
