/// Some bits of a unit that belong to one column of a row.
package struct BitPlace: Equatable, Sendable {
  /// Which of the row's units.
  package let unit: Int
  /// The lowest of the bits.
  package let shift: Int
  package let count: Int

  package init(unit: Int, shift: Int, count: Int) {
    self.unit = unit
    self.shift = shift
    self.count = count
  }

  /// The bits as they lie in the unit.
  package var mask: UInt32 { (UInt32.max >> UInt32(32 - count)) << UInt32(shift) }

  /// The bits of a unit, moved to the lowest place.
  package func bits(of unit: UInt32) -> UInt32 { (unit & mask) >> UInt32(shift) }
}

extension WeightType {
  /// Where the bits of a row's column lie, from the least significant ones.
  package func places(of column: Int) -> [BitPlace] {
    let (block, inBlock) = column.quotientAndRemainder(dividingBy: columnsPerBlock)
    let first = block * unitsPerBlock
    // The low bits of four columns lie in four bytes, and those of the next four above them.
    let low = BitPlace(
      unit: first + inBlock / 8, shift: 8 * (inBlock % 4) + 4 * (inBlock / 4 % 2), count: 4)
    switch codeType {
    case .f32: return [BitPlace(unit: first, shift: 0, count: 32)]
    case .f16, .bf16: return [BitPlace(unit: first, shift: 16 * inBlock, count: 16)]
    case .int8: return [BitPlace(unit: first, shift: 8 * inBlock, count: 8)]
    case .int4: return [low]
    case .int2: return [pair(from: first)]
    case .int3 where inBlock < 24:
      return [
        BitPlace(
          unit: first + inBlock / 8, shift: 8 * (inBlock % 4) + 3 * (inBlock / 4 % 2), count: 3)
      ]
    case .int3:
      // What the units have left holds eight more codes.
      let lowest = BitPlace(
        unit: first + inBlock / 4 - 6, shift: 8 * (inBlock % 4) + 6, count: 2)
      return [lowest, single(in: first + 2)]
    case .int5: return [low, single(in: first + 4)]
    default: return [low, pair(from: first + 4)]
    }
    /// The bit of the column in a unit that has one of each of 32.
    func single(in unit: Int) -> BitPlace {
      BitPlace(unit: unit, shift: 8 * (inBlock % 4) + inBlock / 4, count: 1)
    }
    /// The two bits of the column in units of 16 columns each.
    func pair(from unit: Int) -> BitPlace {
      BitPlace(
        unit: unit + inBlock / 16, shift: 8 * (inBlock % 4) + 2 * (inBlock / 4 % 4), count: 2)
    }
  }
}
