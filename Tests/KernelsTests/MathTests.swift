import CKernels
import TestSupport
import Testing

/// The functions of formats/numerics.md, section 3, against the C library's.
@Suite struct MathTests {
  private func relativeError(_ found: Double, _ exact: Double) -> Double {
    found == exact ? 0 : abs(found - exact) / abs(exact)
  }

  @Test func exponential32() {
    var worst = 0.0
    for sign: UInt32 in [0, 0x8000_0000] {
      for pattern in stride(from: UInt32(0), to: 0x42b0_c0a5, by: 9_973) {
        let x = Float(bitPattern: pattern | sign)
        guard x >= -87.3365448 else { continue }
        let found = kb_exp32(x)
        if found.bitPattern != plainExp(x).bitPattern { Issue.record("exp of \(x)") }
        worst = max(worst, ulps(found, from: exactExp(Double(x))))
      }
    }
    #expect(worst > 0.5 && worst < 1.5)
  }

  @Test(
    arguments: [
      (0, 1), (-0.0, 1), (Float(-87.3365448).nextDown, 0), (-1e30, 0), (-.infinity, 0),
      (88.37627, kb_exp32(88.3762626647949)), (1e30, kb_exp32(88.3762626647949)),
      (.infinity, kb_exp32(88.3762626647949)),
    ] as [(Float, Float)])
  func exponential32AtItsEnds(x: Float, expected: Float) {
    #expect(kb_exp32(x).bitPattern == expected.bitPattern)
  }

  @Test func exponential32OfNaN() { #expect(kb_exp32(.nan).isNaN) }

  @Test func exponential64() {
    let worst =
      stride(from: -708, to: 709, by: 0.0137)
      .map { relativeError(kb_exp64($0), exactExp($0)) }.max() ?? 1
    #expect(worst < 1e-15)
    #expect(kb_exp64(0) == 1)
    #expect(kb_exp64(-708.5) == 0)
    #expect(kb_exp64(-.infinity) == 0)
    #expect(kb_exp64(709.5) == .infinity)
    #expect(kb_exp64(-708).isNormal)
    #expect(kb_exp64(709).isFinite)
  }

  @Test func logarithm64() {
    var random = SplitMix(1)
    var worst = 0.0
    for _ in 0..<40_000 {
      let pattern = UInt64.random(in: 0x0010_0000_0000_0000..<0x7ff0_0000_0000_0000, using: &random)
      let x = Double(bitPattern: pattern)
      let near = 1 + Double.random(in: -0.3...0.5, using: &random)
      worst = max(worst, relativeError(kb_log64(x), exactLog(x)))
      worst = max(worst, relativeError(kb_log64(near), exactLog(near)))
    }
    #expect(worst < 1e-14)
    #expect(kb_log64(1) == 0)
  }

  @Test func powers64() {
    var random = SplitMix(2)
    for _ in 0..<20_000 {
      let base = Double.random(in: 1.5...1e7, using: &random)
      let exponent = Double.random(in: -1...1, using: &random)
      #expect(relativeError(kb_pow64(base, exponent), exactPow(base, exponent)) < 1e-14)
    }
    #expect(kb_pow64(10_000, 0) == 1)
  }

  /// Angles of RoPE: up to some millions, near and far from the multiples of a quarter turn.
  @Test func sineAndCosine64() {
    var random = SplitMix(3)
    var angles = (0..<20_000).map { _ in Double.random(in: -40...40, using: &random) }
    angles += (0..<20_000).map { _ in Double(Float.random(in: 0...2_000_000, using: &random)) }
    angles += (-2000...2000).map { Double(Float(Double($0) * .pi / 2)) }
    for x in angles {
      let found = kb_sincos64(x)
      #expect(relativeError(found.sine, exactSin(x)) < 1e-14, "sin \(x)")
      #expect(relativeError(found.cosine, exactCos(x)) < 1e-14, "cos \(x)")
    }
  }

  /// exp(a * softplus(z)): correct to binary32's last place.
  @Test func dynamicMask() {
    var random = SplitMix(4)
    for _ in 0..<20_000 {
      let a = Float.random(in: -4...4, using: &random)
      let z = Float.random(in: -30...30, using: &random)
      let exact = exactExp(Double(a) * exactSoftplus(Double(z)))
      guard Float(exact).isFinite else {
        #expect(kb_dynamic_mask(a, z) == .infinity)
        continue
      }
      // Above 20 softplus is taken as z, which is off by e^-z at most.
      let allowed = z > 20 ? abs(Double(a)) * exactExp(-Double(z)) / 5e-8 + 0.501 : 0.501
      #expect(ulps(kb_dynamic_mask(a, z), from: exact) < allowed, "a \(a), z \(z)")
    }
    #expect(kb_dynamic_mask(0, 3) == 1)
    #expect(kb_dynamic_mask(-1, 0) == 0.5)
    #expect(kb_dynamic_mask(1, -2000) == 1)
    #expect(kb_dynamic_mask(-1, 2000) == 0)
    #expect(kb_dynamic_mask(1, 200) == .infinity)
  }
}
