import CKernels
import Kernels
import TensorCore
import TestSupport
import Testing

/// Sizes at which products are tested; among them are short last groups of every group size.
private struct Case: Sendable, CustomTestStringConvertible {
  let type: WeightType
  let columns: Int
  let group: Int
  var testDescription: String { "\(type.name), \(columns) columns, groups of \(group)" }

  static let all: [Case] =
    WeightType.allCases.flatMap { type in
      edgeSizes.map { Case(type: type, columns: $0, group: 32) }
    }
    + WeightType.allCases.filter(\.isQuantized).flatMap { type in
      [(32, [72, 80, 120, 576]), (64, [63, 72, 80, 120, 300]), (128, [72, 127, 129, 257, 576])]
        .flatMap { group, sizes in sizes.map { Case(type: type, columns: $0, group: group) } }
    }
}

@Suite struct MatrixKernelTests {
  /// The product as formats/numerics.md, section 2, says: one chain of fused multiply-adds.
  private func chain(_ row: [Float], _ x: ArraySlice<Float>) -> Float {
    zip(row, x).reduce(into: 0) { $0 = $0.addingProduct($1.0, $1.1) }
  }

  /// Packs all of x, then multiplies tokens `from...` by tiles `tiles`; returns y as it stands.
  private func product(
    _ kernels: kb_kernels, _ sample: SampleMatrix, _ x: Guarded<Float>, stride: Int, tokens: Int,
    from: Int = 0, tiles: Range<Int>, yStride: Int
  ) -> [Float] {
    let columns = sample.stored.geometry.columns
    let packed = Guarded<Float>(repeating: .nan, count: tokens * columns)
    kernels.pack(x.base, stride, UInt32(tokens), UInt32(columns), packed.base)
    let y = Guarded<Float>(
      repeating: -1, count: (tokens - 1) * yStride + sample.stored.geometry.paddedRows)
    withUnsafePointer(to: sample.stored.matrix) {
      kernels.matmul(
        $0, packed.base + from * columns, UInt32(tokens - from), UInt32(tiles.lowerBound),
        UInt32(tiles.upperBound), y.base + from * yStride, yStride)
    }
    #expect(packed.isIntact && y.isIntact)
    return y.elements
  }

  @Test(arguments: Case.all)
  private func scalarProductIsOneChainPerOutput(_ test: Case) throws {
    let sample = try SampleMatrix(
      test.type, rows: 21, columns: test.columns, group: test.group, seed: 3)
    let (tokens, stride, yStride) = (2, test.columns + 3, 35)
    var random = SplitMix(4)
    let x = Guarded(random.normals((tokens - 1) * stride + test.columns))
    let y = product(
      try kernels(.scalar), sample, x, stride: stride, tokens: tokens, tiles: 0..<2,
      yStride: yStride)
    var expected = [Float](repeating: -1, count: y.count)
    for token in 0..<tokens {
      for row in 0..<32 {
        expected[token * yStride + row] =
          row < 21 ? chain(sample.values[row], x.elements[(token * stride)...]) : 0
      }
    }
    #expect(bits(y) == bits(expected))
  }

  @Test(arguments: Case.all, vectorSets)
  private func productsAreTheScalarOnes(_ test: Case, _ isa: InstructionSet) throws {
    for (rows, tokens) in [(1, 1), (70, 1), (16, 2), (33, 7), (17, 31)] {
      let sample = try SampleMatrix(
        test.type, rows: rows, columns: test.columns, group: test.group, seed: UInt64(rows))
      let stride = test.columns + 1
      var random = SplitMix(5)
      let x = Guarded(random.normals((tokens - 1) * stride + test.columns))
      let tiles = 0..<sample.stored.geometry.tileCount
      let yStride = sample.stored.geometry.paddedRows + 5
      let results = try [.scalar, isa].map {
        bits(
          product(
            try kernels($0), sample, x, stride: stride, tokens: tokens, tiles: tiles,
            yStride: yStride))
      }
      #expect(results[0] == results[1], "\(rows) rows, \(tokens) tokens")
    }
  }

  /// Every way to cut tokens into blocks.
  @Test(arguments: 1...50, vectorSets)
  func anyNumberOfTokens(tokens: Int, isa: InstructionSet) throws {
    for (type, columns) in [
      (WeightType.f32, 19), (.int2, 300), (.int3, 300), (.int4, 300), (.int5, 300), (.int6, 300),
    ] {
      let sample = try SampleMatrix(type, rows: 16, columns: columns, seed: 6)
      var random = SplitMix(7)
      let x = Guarded(random.normals(tokens * columns))
      let results = try [.scalar, isa].map {
        bits(
          product(
            try kernels($0), sample, x, stride: columns, tokens: tokens, tiles: 0..<1, yStride: 16))
      }
      #expect(results[0] == results[1])
    }
  }

  @Test(arguments: InstructionSet.available)
  func partsOfAProductAreThatProduct(isa: InstructionSet) throws {
    let sample = try SampleMatrix(.int8, rows: 150, columns: 72, gap: 8, seed: 8)
    let kernels = try kernels(isa)
    let block = Int(kernels.token_block)
    let (tokens, yStride) = (3 * block + 1, 163)
    var random = SplitMix(9)
    let x = Guarded(random.normals(tokens * 72))
    let whole = product(
      kernels, sample, x, stride: 72, tokens: tokens, tiles: 0..<10, yStride: yStride)
    for tiles in [0..<1, 3..<4, 2..<8, 5..<10, 9..<10, 4..<4] {
      for from in [0, block, 3 * block] {
        let part = product(
          kernels, sample, x, stride: 72, tokens: tokens, from: from, tiles: tiles,
          yStride: yStride)
        let expected = whole.enumerated().map { index, value in
          let (token, row) = index.quotientAndRemainder(dividingBy: yStride)
          return token >= from && tiles.contains(row / 16) && row < 160 ? value : -1
        }
        #expect(bits(part) == bits(expected), "tiles \(tiles), tokens from \(from)")
      }
    }
  }

  /// Exponents at the limits of the format, where scales and values are subnormal or huge.
  @Test(arguments: WeightType.allCases.filter(\.isQuantized), [-110, -100, 0, 113])
  func extremeExponents(type: WeightType, exponent: Int) throws {
    let sample = try SampleMatrix(type, rows: 80, columns: 100, exponent: exponent, seed: 10)
    var random = SplitMix(11)
    for tokens in [1, 3] {
      let x = Guarded(random.normals(tokens * 100, scale: exponent > 0 ? 0x1p-30 : 0x1p20))
      let results = try InstructionSet.available.map {
        bits(
          product(
            try kernels($0), sample, x, stride: 100, tokens: tokens, tiles: 0..<5, yStride: 80))
      }
      let expected = (0..<tokens).flatMap { token in
        sample.values.map { chain($0, x.elements[(token * 100)...]) }
      }
      let areFinite = expected.allSatisfy(\.isFinite)
      #expect(areFinite)
      for result in results { #expect(result == bits(expected)) }
    }
  }

  @Test(arguments: WeightType.allCases, [Arrangement.rows, .tiles])
  func rowsAreTheStoredValues(type: WeightType, arrangement: Arrangement) throws {
    for (columns, group) in [(1, 32), (72, 32), (120, 64), (130, 128), (257, 32)] {
      for gap in [0, 3] {
        let sample = try SampleMatrix(
          type, arrangement, rows: 35, columns: columns, group: group, gap: gap, seed: 12)
        for isa in InstructionSet.available {
          let kernels = try kernels(isa)
          for row in [0, 1, 15, 16, 34] {
            let out = Guarded<Float>(repeating: .nan, count: columns)
            withUnsafePointer(to: sample.stored.matrix) { kernels.row($0, UInt32(row), out.base) }
            #expect(bits(out.elements) == bits(sample.values[row]))
            #expect(out.isIntact)
          }
        }
      }
    }
  }

  @Test(arguments: WeightType.allCases, [Arrangement.rows, .tiles])
  func tilesOfValuesAreTransposedRows(type: WeightType, arrangement: Arrangement) throws {
    for (columns, group) in [(1, 32), (3, 32), (17, 32), (72, 32), (120, 64), (130, 128)] {
      let sample = try SampleMatrix(
        type, arrangement, rows: 21, columns: columns, group: group, seed: 13)
      let width = sample.stored.geometry.paddedColumns
      for tile in 0..<2 {
        let expected = (0..<width * 16).map { index in
          let (column, row) = (index / 16, tile * 16 + index % 16)
          return row < 21 && column < columns ? sample.values[row][column] : 0
        }
        for isa in InstructionSet.available {
          let kernels = try kernels(isa)
          let out = Guarded<Float>(repeating: .nan, count: width * 16)
          withUnsafePointer(to: sample.stored.matrix) {
            kernels.values($0, UInt32(tile), out.base)
          }
          #expect(bits(out.elements) == bits(expected), "\(isa), tile \(tile)")
          #expect(out.isIntact)
        }
      }
    }
  }
}
