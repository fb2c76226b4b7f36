import KibbleFormat
import PackedFormat
import TensorCore
import TestSupport
import Testing

/// Unpacking gives back what was packed.
@Suite struct RoundTripTests {
  @Test(arguments: WeightType.allCases, [Arrangement.rows, .tiles])
  func everyShape(_ type: WeightType, _ arrangement: Arrangement) throws {
    let shapes = [
      ([72], 32), ([1, 72], 64), ([17, 80], 64), ([33, 120], 128), ([16, 32], 32), ([5, 7], 32),
      ([3, 130], 64), ([40, 1], 32), ([2, 129], 128),
    ]
    var random = SplitMix(1)
    let tensors = try shapes.enumerated().map { index, shape in
      try SampleTensor(
        random: &random, name: "t\(index)", type, arrangement, shape: shape.0, group: shape.1)
    }
    try expectRoundTrip(tensors)
  }

  /// A chunk has at least 16 rows, and else some 2^17 codes.
  @Test(arguments: [
    ([40, 8192], 3), ([33, 10000], 3), ([2 * 1024 + 1, 128], 3), ([16, 9000], 1),
  ])
  func chunks(_ shape: [Int], _ count: Int) throws {
    var random = SplitMix(2)
    for type in [WeightType.int8, .int3] {
      let tensor = try SampleTensor(random: &random, type, shape: shape)
      let packed = try expectRoundTrip(tensor)
      let lengths = (0..<count).map {
        packed.parts.number(at: packed.tensorStart + 4 + 4 * $0, 4)
      }
      #expect(lengths.reduce(0, +) == packed.data.count)
    }
  }

  @Test func threadsDoNotMatter() throws {
    var random = SplitMix(3)
    let bytes = try kibbleFile([
      SampleTensor(random: &random, name: "a", .int8, shape: [50, 8192]),
      SampleTensor(random: &random, name: "b", .bf16, .rows, shape: [72]),
      SampleTensor(random: &random, name: "c", .int4, shape: [200, 1000]),
      SampleTensor(random: &random, name: "d", .int8, .rows, shape: [17, 72]),
    ])
    let packed = try pack(bytes)
    #expect(packed.count < bytes.count)
    for threads in [2, 3] {
      #expect(try pack(bytes, threads: threads) == packed)
      #expect(try unpack(packed, threads: threads).bytes == bytes)
    }
  }

  /// What a file without codes is packed to, and one without tensors.
  @Test func noCodes() throws {
    var random = SplitMix(4)
    let floats = try expectRoundTrip(SampleTensor(random: &random, .f32, .rows, shape: [5, 72]))
    #expect(floats.parts == [0, 0] && floats.data.count == 5 * 72 * 4)
    #expect(try expectRoundTrip().data == [])
  }

  @Test func itsSizeIsThatOfTheDisk() throws {
    var random = SplitMix(5)
    let tensor = try SampleTensor(random: &random, .int4, shape: [32, 64])
    let packed = try pack(kibbleFile([tensor]))
    let file = try unpack(packed)
    let frame = packed.number(at: 40, 8)
    #expect(
      file.packed == PackedSize(fileBytes: packed.count, tensorBytes: packed.count - 80 - frame))
  }

  @Test(arguments: WeightType.quantized)
  func oneSymbol(_ type: WeightType) throws {
    for code in [0, type.codes.lowerBound, type.codes.upperBound, -1] {
      let packed = try expectRoundTrip(SampleTensor(type, shape: [17, 80]) { _, _ in code })
      // No words: one symbol costs nothing.
      #expect(packed.data.count == 32, "\(code)")
    }
    let all = Array(type.codes)
    let each = try SampleTensor(type, shape: [all.count, 33]) { row, column in
      all[(row + column) % all.count]
    }
    try expectRoundTrip(each)
  }

  @Test func multipliers() throws {
    let packed = try expectRoundTrip(
      SampleTensor(.int8, shape: [40, 72]) { row, column in
        switch column % 6 {
        case 0: 0
        case 1: 127 * (row % 3 - 1)
        case 2: 3 * ((row * 7 + column) % 80 - 40)
        case 3: 126 - 42 * (row % 7)
        case 4: -64
        default: row - 20
        }
      })
    #expect(packed.flags == 7)
    let plain = try expectRoundTrip(SampleTensor(.int8, shape: [40, 72]) { $0 - $1 })
    #expect(plain.flags == 3)
  }

  /// What would grow more than any reader believes is not packed.
  @Test func uniformFiles() throws {
    let bytes = try kibbleFile([SampleTensor(zeros: .int8, shape: [64, 1 << 17])])
    let error = #expect(throws: PackedFormatError.self) { try pack(bytes) }
    guard case .tooUniform(samplePath, bytes.count, let packed)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(packed * 4096 < bytes.count)
    var random = SplitMix(6)
    try expectRoundTrip(
      SampleTensor(name: "zeros", zeros: .int8, shape: [64, 1 << 14]),
      SampleTensor(random: &random, name: "others", .int8, shape: [16, 100]))
  }

  // MARK: Scales

  /// A tensor whose scales are those of places on the grid.
  private func tensor(
    _ places: [[Int]], _ type: WeightType = .int8, code: (Int, Int) -> Int = { $0 - $1 % 9 }
  ) throws -> SampleTensor {
    try SampleTensor(
      type, shape: [places.count, 32 * places[0].count],
      scale: { gridScale(places[$0][$1]) }, code: code)
  }

  @Test func scalesOnTheGrid() throws {
    let usual = (0..<40).map { row in
      (0..<5).map { 100 + row % 7 + 3 * $0 + ((row + $0) % 5 == 0 ? 11 : 0) }
    }
    #expect(try expectRoundTrip(tensor(usual)).flags == 3)
    #expect(try expectRoundTrip(tensor(usual, .int4) { _, _ in -3 }).flags == 1)
    let ends = (0..<240).map { [$0, 239 - $0] }
    try expectRoundTrip(tensor(ends, .int4) { row, _ in row % 7 })
    #expect(try expectRoundTrip(tensor([[0, 0], [239, 239]])).flags == 3)
    #expect(try expectRoundTrip(tensor([[230, 239], [238, 231]])).flags == 3)
    #expect(try expectRoundTrip(tensor([[0, 239], [0, 239]])).flags == 3)
  }

  @Test(arguments: [0x3C01, 0xBC00, 0, 0x03FF, 0x7800] as [UInt16])
  func aScaleOffTheGrid(_ scale: UInt16) throws {
    let tensor = try SampleTensor(
      .int8, shape: [20, 72], scale: { $0 == 19 && $1 == 2 ? scale : 0x3C00 },
      code: { row, column in row - column })
    // 2^15 is on the grid.
    #expect(try expectRoundTrip(tensor).flags == (scale == 0x7800 ? 3 : 2))
  }

  /// Parts of a row and its groups that no byte holds.
  @Test func scalesTooFarApart() throws {
    let far = [[10, 239, 10], [10, 239, 11], [239, 239, 10], [239, 238, 10]]
    #expect(try expectRoundTrip(tensor(far)).flags == 2)
    let opposite = [[0, 239], [239, 0], [0, 239]]
    #expect(try expectRoundTrip(tensor(opposite)).flags == 2)
  }

  /// Every row has a group whose codes are smaller by thirty octaves than the others'.
  @Test func excessesThatChangeTheTable() throws {
    let lifted = (0..<64).map { row in (0..<4).map { $0 == row % 4 ? 239 : 0 } }
    for code in [127, 1, 0] {
      let packed = try expectRoundTrip(
        tensor(lifted) { row, column in column / 32 == row % 4 ? code : column - 60 })
      #expect(packed.flags & 3 == 3)
    }
    let odd = (0..<64).map { row in (0..<4).map { 100 + (row + $0) % 4 } }
    try expectRoundTrip(tensor(odd))
  }
}
