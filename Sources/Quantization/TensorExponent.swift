/// The power of two that a quantized tensor's scales share (formats/numerics.md, section 5).
public enum TensorExponent {
  /// Exponents that a file may hold.
  public static let range = -110...113

  /// The exponent for a tensor whose largest magnitude is `magnitude`: the largest scale then
  /// stays under 2^15, and the smallest keep their precision as binary16.
  public static func forMagnitude(_ magnitude: Float) -> Int {
    guard magnitude > 0 else { return 0 }
    return min(max(Int(magnitude.exponent) - 14, range.lowerBound), range.upperBound)
  }
}
