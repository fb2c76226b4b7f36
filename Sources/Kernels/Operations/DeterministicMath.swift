import CKernels

// Functions of one number that are the same to the bit on every machine (formats/numerics.md,
// section 6); the C library's differ between systems.

/// e^x in binary64.
public func deterministicExp(_ x: Double) -> Double { kb_exp64(x) }

/// ln x in binary64.
public func deterministicLog(_ x: Double) -> Double { kb_log64(x) }

/// base^exponent in binary64.
package func deterministicPow(_ base: Double, _ exponent: Double) -> Double {
  kb_pow64(base, exponent)
}

/// tanh x in binary64.
package func deterministicTanh(_ x: Double) -> Double { kb_tanh64(x) }

/// The error function of x in binary64.
package func deterministicErf(_ x: Double) -> Double { kb_erf64(x) }

/// Sine and cosine of x radians in binary64.
package func deterministicSineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
  let both = kb_sincos64(x)
  return (both.sine, both.cosine)
}

/// e^x in binary32, as the kernels compute it.
package func deterministicExp(_ x: Float) -> Float { kb_exp32(x) }

/// δ = exp(a · softplus(z)), rounded once.
package func dynamicMask(scale a: Float, _ z: Float) -> Float { kb_dynamic_mask(a, z) }

// MARK: half floats

extension Float {
  /// The value of binary16 bits.
  package init(binary16 bits: UInt16) { self = kb_f32_from_f16(bits) }

  /// The bits of the nearest binary16, of two the even one.
  package var binary16: UInt16 { kb_f16_from_f32(self) }

  /// The nearest bfloat16, of two the even one; the number must be finite.
  package var roundedToBFloat16: Float {
    Float(bitPattern: (bitPattern + 0x7FFF + bitPattern >> 16 & 1) & 0xFFFF_0000)
  }
}
