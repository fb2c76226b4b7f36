import CKernels
import TensorCore

/// Sixteen rows' values of a column.
@usableFromInline package typealias Lanes = SIMD16<Float>

/// The codes of a quantized type, and how values become codes.
package struct CodeRange: Sendable {
  /// The least code, in every lane.
  @usableFromInline package let low: Lanes
  /// The greatest code, in every lane.
  @usableFromInline package let high: Lanes
  /// Trial scales of a group are its extreme value over these (formats/numerics.md, section 5).
  package let levels: [Float]

  /// The codes of a quantized type.
  package init(_ type: WeightType) {
    precondition(type.isQuantized, "floats have no codes")
    let codes = unsafe kb_codes_of(Int32(type.kernelCode))
    low = Lanes(repeating: unsafe codes.low)
    high = Lanes(repeating: unsafe codes.high)
    levels = unsafe (0..<Int(codes.level_count)).map { unsafe codes.levels[$0] }
  }

  /// The nearest codes of values that were divided by their scale; of two, the even one.
  @inlinable @inline(__always) package func code(_ value: Lanes) -> Lanes {
    let shift = Lanes(repeating: 12_582_912)
    var code = (value + shift) - shift
    code.replace(with: low, where: code .< low)
    code.replace(with: high, where: code .> high)
    return code
  }
}

extension Float {
  /// Rounded to a finite binary16; −0 becomes +0.
  package var storedScale: UInt16 {
    let half = Swift.min(Swift.max(self, -65_504), 65_504).binary16
    return half == 0x8000 ? 0 : half
  }
}

extension SIMD16<Float> {
  /// 1 / x, and 0 where x is 0.
  @inlinable @inline(__always) package var reciprocalOrZero: Self {
    (1 / self).replacing(with: 0, where: self .== 0)
  }

  /// Rounded to a finite binary16.
  package var binary16: SIMD16<UInt16> {
    var bits = SIMD16<UInt16>()
    for lane in 0..<Self.scalarCount { bits[lane] = self[lane].storedScale }
    return bits
  }

  /// Values of binary16 bits.
  package init(binary16 bits: SIMD16<UInt16>) {
    self.init()
    for lane in 0..<Self.scalarCount { self[lane] = Float(binary16: bits[lane]) }
  }
}
