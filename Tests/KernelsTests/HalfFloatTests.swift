import CKernels
import TestSupport
import Testing

@Suite struct HalfFloatTests {
  @Test func everyBinary16IsWidenedExactlyAndBack() {
    for pattern in UInt16.min...UInt16.max {
      let half = Float16(bitPattern: pattern)
      let wide = kb_f32_from_f16(pattern)
      guard !half.isNaN else {
        #expect(wide.isNaN)
        continue
      }
      if wide.bitPattern != Float(half).bitPattern || kb_f16_from_f32(wide) != pattern {
        Issue.record("pattern \(pattern)")
      }
    }
    let nan = Float16(bitPattern: kb_f16_from_f32(.nan))
    #expect(nan.isNaN)
  }

  /// Halfway cases and their neighbours, between every two finite binary16 numbers.
  @Test func roundingToBinary16IsToNearestEven() {
    for pattern in UInt16.min...0x7bff {
      let low = Float(Float16(bitPattern: pattern))
      let high = pattern == 0x7bff ? 65_536 : Float(Float16(bitPattern: pattern + 1))
      let middle = low + (high - low) / 2
      for x in [low.nextUp, middle.nextDown, middle, middle.nextUp, high.nextDown] {
        for x in [x, -x] where kb_f16_from_f32(x) != Float16(x).bitPattern {
          Issue.record("\(x)")
        }
      }
    }
  }

  @Test func roundingOfAnyFloatToBinary16() {
    var random = SplitMix(1)
    for _ in 0..<100_000 {
      let x = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      if !x.isNaN, kb_f16_from_f32(x) != Float16(x).bitPattern { Issue.record("\(x)") }
    }
    #expect(kb_f16_from_f32(65_520) == Float16.infinity.bitPattern)
    #expect(kb_f16_from_f32(65_519.996) == Float16.greatestFiniteMagnitude.bitPattern)
    #expect(kb_f16_from_f32(-.infinity) == (-Float16.infinity).bitPattern)
  }

  @Test func roundingToBfloat16IsToNearestEven() {
    var random = SplitMix(2)
    var samples = (0..<100_000).map { _ in UInt32(truncatingIfNeeded: random.next()) }
    samples += (0..<0x7f7f).flatMap { upper in
      [0x7fff, 0x8000, 0x8001].map { UInt32(upper) << 16 | $0 }
    }
    for pattern in samples {
      let x = Float(bitPattern: pattern)
      if x.isFinite, kb_bf16_from_f32(x) != nearestBfloat16(x) { Issue.record("\(x)") }
    }
    #expect(kb_bf16_from_f32(.greatestFiniteMagnitude) == 0x7f80)
  }
}

/// The nearest bfloat16, of two equally near the even one; found by measuring both distances.
func nearestBfloat16(_ x: Float) -> UInt16 {
  let low = UInt16(x.bitPattern >> 16)
  func value(_ code: UInt16) -> Double {
    let magnitude = Double(Float(bitPattern: UInt32(code & 0x7fff) << 16))
    // The number behind the largest one counts as the power of two that it would be.
    return magnitude.isFinite ? magnitude : 0x1p128
  }
  let (below, above) = (abs(Double(x)) - value(low), value(low + 1) - abs(Double(x)))
  if below == above { return low & 1 == 0 ? low : low + 1 }
  return below < above ? low : low + 1
}
