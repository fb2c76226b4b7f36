import CKernels
import Kernels
import TensorCore
import TestSupport
import Testing

/// Products of fast mode: plain C against plain Swift, and every other set against plain C.
@Suite struct FastKernelTests {
  static let types = WeightType.allCases.filter(\.isQuantized)

  /// Quantized activations of some tokens, a row of x every `stride` floats.
  private func quantized(
    _ isa: InstructionSet, _ x: Guarded<Float>, stride: Int, tokens: Int, columns: Int
  ) throws -> Guarded<UInt8> {
    let count = kb_fast_bytes(UInt32(tokens), UInt32(columns))
    // Four bytes of slack: no more than the alignment of a float.
    let packed = Guarded<UInt8>(repeating: 0xee, count: count, slack: 4)
    try kernels(isa).quantize_rows(
      x.base, stride, UInt32(tokens), UInt32(columns), UnsafeMutableRawPointer(packed.base))
    #expect(packed.isIntact)
    return packed
  }

  /// y as a product with some tiles leaves it, a row every `stride` floats; it was all -1 before.
  private func product(
    _ isa: InstructionSet, _ matrix: FastMatrix, _ packed: Guarded<UInt8>, from: Int = 0,
    tokens: Int, tiles: Range<Int>, stride: Int
  ) throws -> [Float] {
    let columns = UInt32(matrix.stored.geometry.columns)
    let y = Guarded<Float>(repeating: -1, count: (tokens - 1) * stride + matrix.paddedRows)
    try withUnsafePointer(to: matrix.stored.matrix) {
      try kernels(isa).matmul_fast(
        $0, packed.base + kb_fast_bytes(UInt32(from), columns), UInt32(tokens - from),
        UInt32(tiles.lowerBound), UInt32(tiles.upperBound), y.base + from * stride, stride)
    }
    #expect(packed.isIntact && y.isIntact)
    return y.elements
  }

  /// Checks the product with `tokens` rows of x, which lie `stride` apart, of every set.
  private func check(
    _ matrix: FastMatrix, _ x: [Float], stride: Int, tokens: Int,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let columns = matrix.stored.geometry.columns
    let x = Guarded(x)
    let yStride = matrix.paddedRows + 5
    let packed = try quantized(.scalar, x, stride: stride, tokens: tokens, columns: columns)
    let y = try product(
      .scalar, matrix, packed, tokens: tokens, tiles: matrix.tiles, stride: yStride)
    var expected = [Float](repeating: -1, count: y.count)
    let elements = x.elements
    for token in 0..<tokens {
      let row = matrix.product(elements[token * stride..<token * stride + columns])
      expected.replaceSubrange(token * yStride..<token * yStride + row.count, with: row)
    }
    let what = "\(matrix.stored.geometry), \(tokens) tokens"
    #expect(bits(y) == bits(expected), "\(what)", sourceLocation: location)
    for isa in vectorSets {
      let other = try quantized(isa, x, stride: stride, tokens: tokens, columns: columns)
      let same = other.elements == packed.elements
      #expect(same, "\(isa), codes of \(what)", sourceLocation: location)
      let found = try product(
        isa, matrix, other, tokens: tokens, tiles: matrix.tiles, stride: yStride)
      #expect(bits(found) == bits(expected), "\(isa), \(what)", sourceLocation: location)
    }
  }

  @Test(arguments: types, [32, 64, 128])
  func anyNumberOfColumns(type: WeightType, group: Int) throws {
    for columns in Array(1...300) + [576] {
      let matrix = try FastMatrix(
        type, rows: 21, columns: columns, group: group, seed: UInt64(columns))
      var random = SplitMix(2)
      let stride = columns + columns % 4
      try check(matrix, random.normals(2 * stride + columns), stride: stride, tokens: 3)
    }
  }

  @Test(arguments: types, [32, 64, 128])
  func anyNumberOfRowsAndTokens(type: WeightType, group: Int) throws {
    for rows in 1...50 {
      let matrix = try FastMatrix(type, rows: rows, columns: 72, group: group, seed: 3)
      var random = SplitMix(UInt64(rows))
      for tokens in [1, 4] {
        try check(matrix, random.normals(tokens * 72), stride: 72, tokens: tokens)
      }
    }
    let matrix = try FastMatrix(type, rows: 33, columns: 120, group: group, gap: 4, seed: 4)
    for tokens in 1...50 {
      var random = SplitMix(UInt64(tokens))
      try check(matrix, random.normals(tokens * 125), stride: 125, tokens: tokens)
    }
  }

  /// Activations at their limits, with codes at theirs.
  @Test(arguments: types, [FastMatrix.Codes.lowest, .highest, .signs])
  func extremes(type: WeightType, codes: FastMatrix.Codes) throws {
    let columns = 200
    func row(_ value: (Int) -> Float) -> [Float] { (0..<columns).map(value) }
    let rows: [[Float]] = [
      [Float](repeating: 1, count: columns), [Float](repeating: -1, count: columns),
      row { $0 % 2 == 0 ? -1 : 1 }, row { $0 % 2 == 0 ? 1 : -1 },
      [Float](repeating: 0, count: columns), [Float](repeating: -0.0, count: columns),
      row { $0 == 70 ? -3 : 0 }, row { $0 == columns - 1 ? 2 : -0.0 },
      // A spike that leaves nothing of the others, halves that round to even, odd magnitudes.
      row { $0 % 32 == 5 ? 57_000 : 0.01 },
      row { $0 % 32 == 0 ? 127 : Float($0 % 32) - 0.5 },
      row { Float(sign: .plus, exponent: $0 % 32 - 16, significand: 1.7) },
    ]
    let numbers = rows.flatMap { $0 }
    let matrix = try FastMatrix(type, rows: 35, columns: columns, codes: codes, seed: 5)
    for scale: Float in [1, 3.3, 0x1p60, 0x1p-60] {
      let x = numbers.map { $0 * scale }
      try check(matrix, x, stride: columns, tokens: rows.count)
      for token in rows.indices {
        let row = Array(x[token * columns..<(token + 1) * columns])
        try check(matrix, row, stride: columns, tokens: 1)
      }
    }
  }

  /// Magnitudes whose inverse overflows, down to the smallest, and the largest.
  @Test(arguments: types) func magnitudesAtTheEnds(type: WeightType) throws {
    let matrix = try FastMatrix(type, rows: 17, columns: 40, exponent: -20, seed: 6)
    let ends: [Float] = [
      0x1p-149, 0x1p-127, 0x1p-126, 0x1p-122, 0x1p-121, Float(0x1p-120).nextDown, 0x1p-120,
      0x1.8p-120, 0x1p-113, 0x1p100, .greatestFiniteMagnitude,
    ]
    for end in ends {
      let x = (0..<40).map { column -> Float in column % 3 == 0 ? end : column % 3 == 1 ? -end : 0 }
      try check(matrix, x, stride: 40, tokens: 1)
      try check(matrix, x + x.reversed(), stride: 40, tokens: 2)
    }
  }

  /// What is no number does not become one.
  @Test(arguments: InstructionSet.available, types)
  func whatIsNotFiniteStaysSo(isa: InstructionSet, type: WeightType) throws {
    let matrix = try FastMatrix(type, rows: 16, columns: 64, codes: .highest, seed: 7)
    for wrong in [Float.nan, -.nan, .infinity, -.infinity] {
      for place in [0, 15, 16, 31] {
        var x = [Float](repeating: 1, count: 64)
        x[place] = wrong
        let packed = try quantized(isa, Guarded(x), stride: 64, tokens: 1, columns: 64)
        let y = try product(isa, matrix, packed, tokens: 1, tiles: 0..<1, stride: 16)
        #expect(y.allSatisfy { !$0.isFinite }, "\(wrong) at \(place)")
      }
    }
  }

  /// Scales and products at the limits of the format.
  @Test(arguments: types, [-110, -100, 0, 60])
  func exponents(type: WeightType, exponent: Int) throws {
    let matrix = try FastMatrix(type, rows: 35, columns: 100, exponent: exponent, seed: 8)
    var random = SplitMix(9)
    for tokens in [1, 3] {
      let x = random.normals(tokens * 100, scale: exponent > 0 ? 0x1p-30 : 0x1p20)
      try check(matrix, x, stride: 100, tokens: tokens)
    }
  }

  /// Tiles are independent, and so are tokens from a multiple of a block on.
  @Test(arguments: InstructionSet.available, types)
  func partsOfAProductAreThatProduct(isa: InstructionSet, type: WeightType) throws {
    let block = Int(KB_FAST_TOKENS)
    let (tokens, columns, stride) = (2 * block + 5, 72, 163)
    let matrix = try FastMatrix(type, rows: 150, columns: columns, gap: 8, seed: 10)
    var random = SplitMix(11)
    let x = Guarded(random.normals(tokens * columns))
    let packed = try quantized(isa, x, stride: columns, tokens: tokens, columns: columns)
    let whole = try product(
      isa, matrix, packed, tokens: tokens, tiles: matrix.tiles, stride: stride)
    for tiles in [0..<1, 3..<4, 2..<8, 5..<10, 9..<10, 4..<4] {
      for from in [0, block, 2 * block] {
        let part = try product(
          isa, matrix, packed, from: from, tokens: tokens, tiles: tiles, stride: stride)
        let expected = whole.enumerated().map { index, value in
          let (token, row) = index.quotientAndRemainder(dividingBy: stride)
          return token >= from && tiles.contains(row / 16) && row < 160 ? value : -1
        }
        #expect(bits(part) == bits(expected), "tiles \(tiles), tokens from \(from)")
      }
    }
    for from in [block, 2 * block] {
      let rest = Guarded(Array(x.elements[(from * columns)...]))
      let part = try quantized(
        isa, rest, stride: columns, tokens: tokens - from, columns: columns)
      let begin = kb_fast_bytes(UInt32(from), UInt32(columns))
      #expect(part.elements[...] == packed.elements[begin...])
    }
  }

  /// A token's codes and scales as they lie in memory.
  @Test(arguments: InstructionSet.available)
  func activationsOfOneToken(isa: InstructionSet) throws {
    for columns in [1, 31, 32, 33, 64, 72, 300] {
      var random = SplitMix(UInt64(columns))
      let x = random.normals(columns)
      let packed = try quantized(isa, Guarded(x), stride: columns, tokens: 1, columns: columns)
      let expected = FastRow(x)
      let groups = expected.scales.count
      let bytes = packed.elements
      let codes = bytes.prefix(32 * groups).map { Int32(Int8(bitPattern: $0)) }
      let padding = [Int32](repeating: 0, count: 32 * groups - columns)
      #expect(codes == expected.codes + padding)
      bytes.withUnsafeBytes { raw in
        for group in 0..<groups {
          let scale = raw.loadUnaligned(fromByteOffset: 32 * groups + 4 * group, as: Float.self)
          #expect(scale == expected.scales[group])
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func readingMemory(isa: InstructionSet) throws {
    let kernels = try kernels(isa)
    var random = SplitMix(12)
    for count in Array(0...70) + [255, 256, 257, 511, 1023, 1024, 1300, 5000] {
      let bytes = (0..<count).map { _ in UInt8(random.next() >> 56) }
      // The exclusive or of whole words; bytes past the last are not words.
      let expected = stride(from: 0, to: count / 4 * 4, by: 4).reduce(UInt32(0)) { word, start in
        word ^ (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
      }
      for slack in 0...3 {
        let memory = Guarded(bytes, slack: slack)
        #expect(kernels.read_memory(memory.base, count) == expected)
        #expect(memory.isIntact)
      }
    }
  }
}
