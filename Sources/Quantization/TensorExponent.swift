import TensorCore

/// The power of two that a quantized tensor's scales share (formats/numerics.md, section 5).
public enum TensorExponent {
  /// Exponents that a file may hold.
  public static let range = -110...113

  /// The exponent for a tensor of a quantized type whose largest magnitude is `magnitude`.
  ///
  /// Under binary16, the largest scale then stays under 2^15, and the smallest keep their precision.
  /// Under 8 bits, the scale that takes the largest magnitude to the greatest code is 64 to 127.
  public static func forMagnitude(_ magnitude: Float, _ type: WeightType) -> Int {
    guard magnitude > 0 else { return 0 }
    var exponent = Int(magnitude.exponent) - 14
    if type.hasShortScales {
      let step = magnitude / Float(1 << (type.bits - 1) - 1) / 127
      exponent = Int(step.exponent) + (step.significand > 1 ? 1 : 0)
    }
    return min(max(exponent, range.lowerBound), range.upperBound)
  }
}
