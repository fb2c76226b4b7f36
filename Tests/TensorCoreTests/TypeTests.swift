import TensorCore
import Testing

@Suite struct TypeTests {
  @Test(arguments: [
    (WeightType.f32, UInt8(1), "f32", [1, 1], false), (.f16, 2, "f16", [2, 1], false),
    (.bf16, 3, "bf16", [2, 1], false), (.int4, 4, "int4", [8, 1], true),
    (.int5, 5, "int5", [32, 5], true), (.int6, 6, "int6", [32, 6], true),
    (.int8, 8, "int8", [4, 1], true), (.int2, 18, "int2", [16, 1], true),
    (.int3, 19, "int3", [32, 3], true), (.int4s, 36, "int4s", [8, 1], true),
    (.int5s, 37, "int5s", [32, 5], true), (.int6s, 38, "int6s", [32, 6], true),
    (.int8s, 40, "int8s", [4, 1], true), (.int2s, 50, "int2s", [16, 1], true),
    (.int3s, 51, "int3s", [32, 3], true),
  ])
  func weightTypes(
    type: WeightType, code: UInt8, name: String, block: [Int], isQuantized: Bool
  ) {
    #expect(type.rawValue == code)
    #expect(WeightType(rawValue: code) == type)
    #expect(type.name == name)
    #expect(WeightType(name: name) == type)
    #expect([type.columnsPerBlock, type.unitsPerBlock] == block)
    #expect(type.isQuantized == isQuantized)
  }

  @Test func shortScales() {
    for type in WeightType.allCases {
      #expect(type.hasShortScales == (type.rawValue >= 32))
      #expect(type.bytesPerScale == (type.isQuantized ? type.hasShortScales ? 1 : 2 : 0))
      #expect(type.codeType.rawValue == type.rawValue % 32)
      #expect(type.codeType.bits == type.bits)
    }
  }

  @Test(arguments: ["", "F32", "int1", "int7", "source", "f32 "])
  func otherNamesAreNoWeightTypes(name: String) {
    #expect(WeightType(name: name) == nil)
  }

  @Test func otherCodesAreFree() {
    for code: UInt8 in [0, 7, 9, 17, 20, 32, 33, 35, 39, 255] {
      #expect(WeightType(rawValue: code) == nil)
    }
  }

  @Test(arguments: [
    ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8),
    ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E5M2FNUZ", 8), ("F8_E4M3FNUZ", 8), ("I16", 16),
    ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64),
    ("F64", 64), ("I64", 64), ("U64", 64),
  ])
  func elementTypes(name: String, bits: Int) throws {
    let type = try #require(ElementType(rawValue: name))
    #expect(type.bits == bits)
    #expect(type.isSupportedWeight == ["F16", "BF16", "F32", "F64"].contains(name))
  }

  @Test func allElementTypesAreListed() { #expect(ElementType.allCases.count == 22) }
}
