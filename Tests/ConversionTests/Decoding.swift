import ByteIO
import KibbleFormat
import TensorCore

/// A second decoder, written from the format's description alone: one value at a time.
extension KibbleFile {
  /// The values of a tensor, row after row.
  func decoded(_ tensor: TensorRecord) -> [Float] {
    let geometry = tensor.geometry
    return (0..<geometry.rows).flatMap { row in
      (0..<geometry.columns).map { value(tensor, row, $0) }
    }
  }

  private func value(_ tensor: TensorRecord, _ row: Int, _ column: Int) -> Float {
    let geometry = tensor.geometry
    let (unitInRow, part) = column.quotientAndRemainder(dividingBy: geometry.type.columnsPerUnit)
    let unit = integer(
      UInt32.self, in: tensor.planes[0],
      at: place(unitInRow, of: geometry.unitsPerRow, row, geometry.arrangement))
    func scale() -> Float {
      let half = integer(
        UInt16.self, in: tensor.planes[1],
        at: place(
          column / geometry.groupSize, of: geometry.groupsPerRow, row, geometry.arrangement))
      return widened(half) * Float(sign: .plus, exponent: tensor.exponent, significand: 1)
    }
    switch geometry.type {
    case .f32: return Float(bitPattern: unit)
    case .f16: return widened(UInt16(truncatingIfNeeded: unit >> UInt32(16 * part)))
    case .bf16: return Float(bitPattern: (unit >> UInt32(16 * part)) << 16)
    case .int8: return Float(Int8(truncatingIfNeeded: unit >> UInt32(8 * part))) * scale()
    case .int4:
      let nibble = unit >> UInt32(8 * (part % 4) + 4 * (part / 4)) & 15
      return Float(Int8(truncatingIfNeeded: nibble << 4) >> 4) * scale()
    }
  }

  private func place(_ item: Int, of count: Int, _ row: Int, _ arrangement: Arrangement) -> Int {
    arrangement == .tiles ? (row / 16 * count + item) * 16 + row % 16 : row * count + item
  }

  private func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type, in plane: Range<Int>, at index: Int
  ) -> Integer {
    region.withBytes {
      $0.littleEndian(at: plane.lowerBound + index * MemoryLayout<Integer>.size) ?? 0
    }
  }

  private func widened(_ half: UInt16) -> Float {
    let magnitude = Float(half & 0x3FF)
    let exponent = Int(half >> 10 & 31)
    let value =
      exponent == 0
      ? Float(sign: .plus, exponent: -24, significand: magnitude)
      : Float(sign: .plus, exponent: exponent - 25, significand: magnitude + 1024)
    return half >> 15 == 1 ? -value : value
  }
}
