import TensorCore

/// Draws tokens: xoshiro256** (Blackman and Vigna), whose state SplitMix64 makes from a seed.
///
/// The same seed gives the same draws on every machine. A draw takes one number of 64 bits, of
/// which the upper 53 make u in [0, 1); the token is the first, by rising id, at which the sum of
/// weights so far exceeds u times their total.
public struct Sampler: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A sampler that begins from a seed.
  public init(seed: UInt64) {
    var seeder = SplitMix64(state: seed)
    state = (seeder.next(), seeder.next(), seeder.next(), seeder.next())
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, by count: UInt64) -> UInt64 { x << count | x >> (64 - count) }
    let result = rotated(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, by: 45)
    return result
  }

  /// Draws a token.
  package mutating func draw(
    from distribution: TokenDistribution
  ) -> TokenDistribution.Candidate? {
    distribution.candidate(beyond: Double(next() >> 11) * 0x1p-53 * distribution.total)
  }
}
