/// exp as formats/numerics.md, section 3, words it.
func plainExp(_ x: Float) -> Float {
  if x < -87.3365448 { return 0 }
  let x = min(x, 88.3762626647949)
  let magic: Float = 12_582_912
  let n = magic.addingProduct(x, 1.44269504) - magic
  let r = x.addingProduct(n, -0.693147182).addingProduct(n, 1.90465421e-9)
  var p: Float = 1.0 / 5040
  for coefficient: Float in [1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1] {
    p = coefficient.addingProduct(p, r)
  }
  return p * Float(sign: .plus, exponent: Int(n), significand: 1)
}

/// `plainExp(x)` in units in the last place from the true value.
func ulps(_ found: Float, from exact: Double) -> Double {
  abs(Double(found) - exact) / Double(Float(exact).ulp)
}
