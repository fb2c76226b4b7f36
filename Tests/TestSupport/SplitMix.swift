import TensorCore

/// The generator of the tests' data.
public typealias SplitMix = SplitMix64

extension SplitMix64 {
  /// A generator from a seed.
  public init(_ seed: UInt64) { self.init(state: seed) }

  /// A number of roughly normal distribution: the sum of twelve uniform ones.
  public mutating func normal() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += Float(next() >> 40) * 0x1p-24 }
    return sum
  }

  /// Numbers of that distribution.
  public mutating func normals(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in normal() * scale }
  }
}
