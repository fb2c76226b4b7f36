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
  /// Rounded to a scale that the type stores, without the power of two that all share: a finite
  /// binary16 or an integer of 8 bits; −0 becomes +0.
  package func scale(of type: WeightType) -> Float {
    let limit: Float = type.hasShortScales ? 127 : 65_504
    let bounded = Swift.min(Swift.max(self, -limit), limit)
    let rounded =
      type.hasShortScales
      ? bounded.rounded(.toNearestOrEven) : Float(binary16: bounded.binary16)
    return rounded == 0 ? 0 : rounded
  }
}

extension SIMD16<Float> {
  /// 1 / x, and 0 where x is 0.
  @inlinable @inline(__always) package var reciprocalOrZero: Self {
    (1 / self).replacing(with: 0, where: self .== 0)
  }

  /// Rounded to scales that the type stores.
  package func scales(of type: WeightType) -> Self {
    var scales = Self()
    for lane in 0..<Self.scalarCount { scales[lane] = self[lane].scale(of: type) }
    return scales
  }
}
