import CKernels
import Kernels
import TestSupport
import Testing

/// Tiles and their encodings.
@Suite struct EncodingKernelTests {
  @Test(arguments: InstructionSet.available, edgeSizes)
  func tilesAreTransposedRows(isa: InstructionSet, columns: Int) throws {
    let kernels = try kernels(isa)
    for stride in [columns, columns + 3] {
      var random = SplitMix(UInt64(columns))
      let rows = Guarded(random.normals(15 * stride + columns))
      let tile = Guarded<Float>(repeating: .nan, count: columns * 16)
      kernels.tile(rows.base, stride, UInt32(columns), tile.base)
      let source = rows.elements
      let expected = (0..<columns * 16).map { source[$0 % 16 * stride + $0 / 16] }
      #expect(bits(tile.elements) == bits(expected))
      #expect(tile.isIntact)
    }
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func rowsAreTransposedTiles(isa: InstructionSet, units: Int) throws {
    let kernels = try kernels(isa)
    for (rows, stride) in [(16, units), (16, units + 5), (1, units), (15, units + 1)] {
      var random = SplitMix(UInt64(units))
      let tile = Guarded((0..<units * 16).map { _ in UInt32(random.next() >> 32) })
      let out = Guarded<UInt32>(repeating: 7, count: (rows - 1) * stride + units)
      kernels.untile(tile.base, UInt32(units), UInt32(rows), out.base, stride)
      let source = tile.elements
      let expected = out.elements.indices.map { index in
        let (row, unit) = index.quotientAndRemainder(dividingBy: stride)
        return unit < units ? source[unit * 16 + row] : 7
      }
      #expect(out.elements == expected)
      #expect(out.isIntact)
    }
  }

  /// What an encoder gives back.
  private struct Encoded: Equatable {
    var fault: Int64 = -1
    var units: [UInt32] = []
    var scales: [UInt16] = []
    var errors: [UInt64] = []
  }

  private func numbers(_ error: kb_tile_error) -> [UInt64] {
    withUnsafeBytes(of: error) { Array($0.bindMemory(to: Double.self)).map(\.bitPattern) }
  }

  private func encodeFloats(_ isa: InstructionSet, _ type: Int, _ tile: [Float]) throws -> Encoded {
    let input = Guarded(tile)
    let out = Guarded<UInt32>(repeating: 9, count: type == KB_F32 ? tile.count : tile.count / 2)
    var error = kb_tile_error()
    let fault = try kernels(isa).encode_float(
      Int32(type), input.base, UInt32(tile.count / 16), out.base, &error)
    #expect(out.isIntact)
    return Encoded(fault: fault, units: fault < 0 ? out.elements : [], errors: numbers(error))
  }

  /// Numbers whose rounding is not obvious, among ordinary ones.
  private func floats(_ count: Int, seed: UInt64) -> [Float] {
    let odd: [Float] = [0, -0.0, 65_519.996, -65_504, 0x1.008p0, 0x1.018p0]
    var random = SplitMix(seed)
    return (0..<count).map { index -> Float in
      switch index % 7 {
      case 0: return Float(Float16(random.normal())) + 0x1p-11  // halfway, often
      case 1: return random.normal() * 1e-7  // subnormal as binary16
      case 2: return Float(bitPattern: UInt32(random.next() >> 41))  // subnormal
      case 3: return random.normal() * 1000
      case 4: return odd[index % odd.count]
      default: return random.normal()
      }
    }
  }

  @Test(arguments: InstructionSet.available, [KB_F32, KB_F16, KB_BF16])
  func floatsAreRoundedToNearestEven(isa: InstructionSet, type: Int) throws {
    for columns in [4, 8, 12, 20, 64, 300] {
      let tile = floats(columns * 16, seed: UInt64(columns))
      var units = [UInt32](repeating: 0, count: type == KB_F32 ? tile.count : tile.count / 2)
      var errors = [Double](repeating: 0, count: 64)
      for (index, value) in tile.enumerated() {
        let (column, lane) = (index / 16, index % 16)
        var stored = value
        if type == KB_F32 {
          units[index] = value.bitPattern
        } else {
          let code = type == KB_F16 ? Float16(value).bitPattern : nearestBfloat16(value)
          stored =
            type == KB_F16
            ? Float(Float16(bitPattern: code)) : Float(bitPattern: UInt32(code) << 16)
          units[column / 2 * 16 + lane] |= UInt32(code) << UInt32(column % 2 * 16)
        }
        let difference = Double(value) - Double(stored)
        errors[lane] += difference * difference
        errors[16 + lane] += Double(value) * Double(value)
        errors[32 + lane] += Double(stored) * Double(stored)
        errors[48 + lane] = max(errors[48 + lane], abs(difference))
      }
      let found = try encodeFloats(isa, type, tile)
      #expect(found == Encoded(units: units, errors: errors.map(\.bitPattern)))
    }
  }

  @Test(
    arguments: InstructionSet.available,
    [(KB_F16, 65_520), (KB_BF16, 0x1.ffp127)] as [(Int, Float)])
  func theFirstOverflowIsNamed(isa: InstructionSet, overflow: (type: Int, value: Float)) throws {
    for places in [[0], [63, 62], [16], [15, 16], [31, 32], [17, 3 * 16]] {
      var tile = [Float](repeating: 1, count: 4 * 16)
      for place in places { tile[place] = -overflow.value }
      #expect(try encodeFloats(isa, overflow.type, tile).fault == Int64(places.min() ?? -1))
      for place in places { tile[place] = overflow.value.nextDown }
      #expect(try encodeFloats(isa, overflow.type, tile).fault == -1)
      #expect(try encodeFloats(isa, KB_F32, tile).fault == -1)
    }
  }

  private func quantize(
    _ isa: InstructionSet, _ type: Int, _ method: Int, _ tile: [Float], group: Int, exponent: Int,
    given: [UInt16]? = nil
  ) throws -> Encoded {
    let input = Guarded(tile)
    let columns = tile.count / 16
    let groups = (columns + group - 1) / group
    // So many bits a column, where columns fill whole units: the low digit of the type.
    let units = Guarded<UInt32>(repeating: 9, count: tile.count * (type & 15) / 32)
    let scales = Guarded(given ?? [UInt16](repeating: 9, count: groups * 16), slack: 2)
    var error = kb_tile_error()
    try kernels(isa).quantize(
      Int32(type), Int32(method), input.base, UInt32(columns), UInt32(group), Int32(exponent),
      units.base, scales.base, &error)
    #expect(units.isIntact && scales.isIntact)
    return Encoded(units: units.elements, scales: scales.elements, errors: numbers(error))
  }

  /// Lanes of every kind: normal, heavy-tailed, zero, tiny, huge, equal, signed zeros, one outlier.
  private func tile(_ columns: Int, scale: Float, seed: UInt64) -> [Float] {
    var random = SplitMix(seed)
    return (0..<columns * 16).map { index in
      let x = random.normal()
      switch index % 16 {
      case 0: return 0
      case 1: return x * 0x1p-30 * scale
      case 2: return max(min(x * x * x * x * x * 0.01, 1), -1) * scale
      case 3: return index / 16 == columns - 1 ? scale : 0
      case 4: return index % 32 < 16 ? 0 : -0.0
      case 5: return scale * 0.3
      case 6: return x > 0 ? scale : -scale
      case 7: return Float(index / 16 % 16 - 8) * 0.01 * scale
      case 8: return x * 0x1p-24 * scale
      case 9: return x * Float.leastNonzeroMagnitude * 8
      case 10: return x * 0x1p-40 * scale
      default: return max(min(x * 0.25, 1), -1) * scale
      }
    }
  }

  private struct Quantizer: Sendable, CustomTestStringConvertible {
    let type: Int
    let method: Int
    let group: Int
    /// Columns that fill whole units.
    var wholeColumns: Int {
      switch type {
      case KB_INT3, KB_INT5, KB_INT6: 32
      case KB_INT2: 16
      default: 8
      }
    }
    var testDescription: String {
      "int\(type & 15), method \(method), \(group)"
    }
    static let all = [KB_INT2, KB_INT3, KB_INT4, KB_INT5, KB_INT6, KB_INT8].flatMap { type in
      [KB_RTN, KB_SEARCH, KB_SHORT_RTN, KB_SHORT_SEARCH].flatMap { method in
        [32, 64, 128].map { Quantizer(type: type, method: method, group: $0) }
      }
    }
  }

  /// Quantized bytes are those of the scalar kernels.
  @Test(arguments: Quantizer.all, vectorSets)
  private func quantizersAgree(_ test: Quantizer, _ isa: InstructionSet) throws {
    for (columns, scale, exponent) in [
      (8, Float(1), -14), (16, 1, -14), (32, 1, -14), (40, 57_000, 1), (72, 0.02, -20),
      (80, 1, -14), (120, 3, -13), (136, 1, -14), (256, 1e-30, -110), (576, 1e30, 85),
      (64, 0x1.fp127, 113), (96, 0x1p-126, -110),
    ] {
      let whole = columns.roundedUp(to: test.wholeColumns)
      let tile = tile(whole, scale: scale, seed: UInt64(columns))
      let results = try [.scalar, isa].map {
        try quantize(
          $0, test.type, test.method, tile, group: test.group, exponent: exponent)
      }
      #expect(results[0] == results[1], "\(columns) columns, scale \(scale)")
      // Scales that are given are kept, and give the same codes.
      let given = try quantize(
        isa, test.type, Int(KB_GIVEN), tile, group: test.group, exponent: exponent,
        given: results[0].scales)
      #expect(given == results[0], "\(columns) columns, scale \(scale)")
      // Zeros stay zeros, and a scale is +0 or a number.
      for (index, scale) in results[1].scales.enumerated() {
        #expect(index % 16 != 0 || scale == 0)
        #expect(Float16(bitPattern: scale).isFinite && scale != 0x8000)
      }
    }
  }
}
