import Generation
import Testing

@Suite struct SamplerTests {
  /// Computed in Python after the authors' C code: SplitMix64 for the state, then xoshiro256**.
  @Test(
    arguments: [
      (0, [0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0]),
      (42, [0x1578_0b2e_0c2e_c716, 0x6104_d986_6d11_3a7e, 0xae17_5332_39e4_99a1]),
      (.max, [0x8f55_20d5_2a7e_ad08, 0xc476_a018_caa1_802d, 0x81de_31c0_d260_469e]),
    ] as [(UInt64, [UInt64])])
  func knownNumbers(seed: UInt64, numbers: [UInt64]) {
    var sampler = Sampler(seed: seed)
    #expect(numbers.map { _ in sampler.next() } == numbers)
  }

  private func distribution(_ weights: [Double]) throws -> TokenDistribution {
    TokenDistribution(
      weights.enumerated().map { .init(id: 10 * $0, score: 0, weight: $1) }, compute: try compute())
  }

  @Test func drawsAreAsFrequentAsTheyShould() throws {
    var sampler = Sampler(seed: 5)
    let weights = [0.25, 1, 0, 0.5, 0.25]
    let distribution = try distribution(weights)
    var counts: [Int: Int] = [:]
    let draws = 40_000
    for _ in 0..<draws { counts[sampler.draw(from: distribution)?.id ?? -1, default: 0] += 1 }
    #expect(counts[20] == nil && counts[-1] == nil, "no weight, no draw")
    // Chi-square with three degrees of freedom: 16.3 is exceeded once in a thousand seeds.
    let statistic = [0, 1, 3, 4].reduce(0.0) { sum, index in
      let expected = weights[index] / 2 * Double(draws)
      let difference = Double(counts[10 * index, default: 0]) - expected
      return sum + difference * difference / expected
    }
    #expect(statistic < 16.3)
  }

  @Test func aDrawIsTheFirstTokenBeyondItsNumber() throws {
    // Seed 0 draws 0.6012... first: 0x99ec5f36cb75f2b4 / 2^64.
    for (weights, id) in [
      ([0.6, 0.4], 10), ([0.602, 0.398], 0), ([0, 0, 1, 0], 20), ([0, 0.5, 0, 0.5, 0], 30),
    ] {
      var sampler = Sampler(seed: 0)
      #expect(try sampler.draw(from: distribution(weights))?.id == id)
    }
  }
}
