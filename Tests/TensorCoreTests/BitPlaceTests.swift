import TensorCore
import Testing

/// Places worked out by hand from section 6 of formats/kibble-v1.md.
@Suite struct BitPlaceTests {
  @Test(arguments: [
    (WeightType.f32, 5, [BitPlace(unit: 5, shift: 0, count: 32)]),
    (.f16, 5, [BitPlace(unit: 2, shift: 16, count: 16)]),
    (.bf16, 4, [BitPlace(unit: 2, shift: 0, count: 16)]),
    (.int8, 6, [BitPlace(unit: 1, shift: 16, count: 8)]),
    (.int4, 14, [BitPlace(unit: 1, shift: 20, count: 4)]),
    (.int2, 13, [BitPlace(unit: 0, shift: 14, count: 2)]),
    (.int2, 38, [BitPlace(unit: 2, shift: 18, count: 2)]),
    (.int3, 15, [BitPlace(unit: 1, shift: 27, count: 3)]),
    (.int3, 53, [BitPlace(unit: 5, shift: 11, count: 3)]),
    (.int3, 26, [BitPlace(unit: 0, shift: 22, count: 2), BitPlace(unit: 2, shift: 22, count: 1)]),
    (.int3, 61, [BitPlace(unit: 4, shift: 14, count: 2), BitPlace(unit: 5, shift: 15, count: 1)]),
    (.int5, 3, [BitPlace(unit: 0, shift: 24, count: 4), BitPlace(unit: 4, shift: 24, count: 1)]),
    (.int5, 62, [BitPlace(unit: 8, shift: 20, count: 4), BitPlace(unit: 9, shift: 23, count: 1)]),
    (.int6, 15, [BitPlace(unit: 1, shift: 28, count: 4), BitPlace(unit: 4, shift: 30, count: 2)]),
    (.int6, 53, [BitPlace(unit: 8, shift: 12, count: 4), BitPlace(unit: 11, shift: 10, count: 2)]),
  ])
  func places(type: WeightType, column: Int, places: [BitPlace]) {
    #expect(type.places(of: column) == places)
  }

  /// Every bit of whole blocks belongs to one column.
  @Test(arguments: WeightType.allCases)
  func placesPartitionTheUnits(type: WeightType) {
    var units = [UInt32](repeating: 0, count: 3 * type.unitsPerBlock)
    for place in (0..<3 * type.columnsPerBlock).flatMap(type.places) {
      #expect(units[place.unit] & place.mask == 0)
      units[place.unit] |= place.mask
    }
    #expect(units.allSatisfy { $0 == .max } as Bool)
  }

  @Test func bitsOfAUnit() {
    let place = BitPlace(unit: 0, shift: 20, count: 4)
    #expect(place.mask == 0x00F0_0000)
    #expect(place.bits(of: 0x1234_5678) == 3)
    #expect(BitPlace(unit: 0, shift: 0, count: 32).bits(of: .max) == .max)
  }
}
