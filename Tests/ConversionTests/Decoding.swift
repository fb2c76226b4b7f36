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
    func bits(_ count: Int, unit: Int, from shift: Int) -> UInt32 {
      let unit = integer(
        UInt32.self, in: tensor.planes[0],
        at: place(unit, of: geometry.unitsPerRow, row, geometry.arrangement))
      return unit >> UInt32(shift) & UInt32(1 << count - 1)
    }
    func scale() -> Float {
      let place = place(
        column / geometry.groupSize, of: geometry.groupsPerRow, row, geometry.arrangement)
      let stored =
        geometry.type.hasShortScales
        ? Float(integer(Int8.self, in: tensor.planes[1], at: place))
        : widened(integer(UInt16.self, in: tensor.planes[1], at: place))
      return stored * Float(sign: .plus, exponent: tensor.exponent, significand: 1)
    }
    func code(_ bits: UInt32, width: Int) -> Float {
      Float(bits >> UInt32(width - 1) == 1 ? Int(bits) - 1 << width : Int(bits))
    }
    let (byte, nibble) = (8 * (column % 4), 8 * (column % 4) + 4 * (column / 4 % 2))
    let pair = byte + column / 4 % 4 * 2
    let (block, inBlock) = column.quotientAndRemainder(dividingBy: 32)
    switch geometry.type.codeType {
    case .f32: return Float(bitPattern: bits(32, unit: column, from: 0))
    case .f16: return widened(UInt16(bits(16, unit: column / 2, from: 16 * (column % 2))))
    case .bf16: return Float(bitPattern: bits(16, unit: column / 2, from: 16 * (column % 2)) << 16)
    case .int8: return code(bits(8, unit: column / 4, from: byte), width: 8) * scale()
    case .int4: return code(bits(4, unit: column / 8, from: nibble), width: 4) * scale()
    case .int2: return code(bits(2, unit: column / 16, from: pair), width: 2) * scale()
    case .int3 where inBlock < 24:
      let whole = bits(3, unit: block * 3 + inBlock / 8, from: byte + inBlock / 4 % 2 * 3)
      return code(whole, width: 3) * scale()
    case .int3:
      let low = bits(2, unit: block * 3 + inBlock / 4 - 6, from: byte + 6)
      let high = bits(1, unit: block * 3 + 2, from: byte + inBlock / 4)
      return code(low | high << 2, width: 3) * scale()
    case .int5:
      let low = bits(4, unit: block * 5 + inBlock / 8, from: nibble)
      let high = bits(1, unit: block * 5 + 4, from: byte + inBlock / 4)
      return code(low | high << 4, width: 5) * scale()
    default:
      let low = bits(4, unit: block * 6 + inBlock / 8, from: nibble)
      let high = bits(2, unit: block * 6 + 4 + inBlock / 16, from: pair)
      return code(low | high << 4, width: 6) * scale()
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
