import CKernels
import TensorCore

/// Sixteen rows' values of a column.
package typealias Lanes = SIMD16<Float>

/// The codes of a quantized type, and how values become codes.
struct CodeRange: Sendable {
  let low: Lanes
  let high: Lanes
  /// Trial scales of a group are its extreme value over these (formats/numerics.md, section 5).
  let levels: [Float]

  init(_ type: WeightType) {
    let isInt4 = type == .int4
    low = Lanes(repeating: isInt4 ? -8 : -127)
    high = Lanes(repeating: isInt4 ? 7 : 127)
    levels =
      isInt4
      ? [-8, -7.5, -7, -8.5, -6.5, -9, -6, 7, 7.4, 6.6, 7.8, 6.2, 8.2, 5.8]
      : (116...127).reversed().map { Float($0) }
  }

  /// The nearest codes of values that were divided by their scale; of two, the even one.
  @inline(__always) func code(_ value: Lanes) -> Lanes {
    let shift = Lanes(repeating: 12_582_912)
    var code = (value + shift) - shift
    code.replace(with: low, where: code .< low)
    code.replace(with: high, where: code .> high)
    return code
  }
}

extension SIMD16<Float> {
  /// 1 / x, and 0 where x is 0.
  @inline(__always) var reciprocalOrZero: Self {
    (1 / self).replacing(with: 0, where: self .== 0)
  }

  /// Rounded to a finite binary16.
  var binary16: SIMD16<UInt16> {
    var bits = SIMD16<UInt16>()
    for lane in 0..<Self.scalarCount {
      let half = kb_f16_from_f32(Swift.min(Swift.max(self[lane], -65_504), 65_504))
      bits[lane] = half == 0x8000 ? 0 : half
    }
    return bits
  }

  /// Values of binary16 bits.
  init(binary16 bits: SIMD16<UInt16>) {
    self.init()
    for lane in 0..<Self.scalarCount { self[lane] = kb_f32_from_f16(bits[lane]) }
  }
}
