import ByteIO
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct FrequencyTableTests {
  private func expectSound(_ counts: [Int], location: SourceLocation = #_sourceLocation) {
    let table = FrequencyTable(counts: counts)
    var frequencies = [Int](repeating: 0, count: 256)
    for (index, frequency) in table.frequencies.enumerated() {
      frequencies[table.lowest + 128 + index] = Int(frequency)
    }
    #expect(frequencies.reduce(0, +) == 4096, sourceLocation: location)
    for symbol in counts.indices where counts.contains(where: { $0 > 0 }) {
      #expect((counts[symbol] > 0) == (frequencies[symbol] > 0), sourceLocation: location)
    }
    #expect(
      FrequencyTable(lowest: table.lowest, frequencies: table.frequencies) == table,
      sourceLocation: location)
  }

  private func counts(_ of: [Int: Int]) -> [Int] { (0..<256).map { of[$0 - 128] ?? 0 } }

  @Test func extremes() {
    expectSound(counts([:]))
    for symbol in [-128, -127, 0, 127] {
      expectSound(counts([symbol: 1]))
      expectSound(counts([symbol: 1 << 40]))
    }
    expectSound(counts([-127: 1, 127: 1]))
    expectSound(counts([-127: 1, 127: 1 << 40]))
    // 255 symbols, of which 254 come once.
    for giant in [1, 17, 4096, 1 << 20, 1 << 40] {
      var all = [Int](repeating: 1, count: 256)
      all[0] = 0
      all[200] = giant
      expectSound(all)
    }
    // Rounded, each has more than its share: what is too much goes off the largest ones.
    expectSound((0..<256).map { $0 == 0 ? 0 : 3 })
    expectSound((0..<256).map { $0 == 0 ? 0 : $0 < 130 ? 1 << 30 : 1 })
  }

  @Test func anyHistogram() {
    var random = SplitMix(1)
    for _ in 0..<500 {
      let scale = Int.random(in: 0...40, using: &random)
      expectSound(
        (0..<256).map { symbol in
          symbol == 0 || Bool.random(using: &random)
            ? 0 : Int.random(in: 0...1 << Int.random(in: 0...scale, using: &random), using: &random)
        })
    }
  }

  @Test func tablesThatAreNone() {
    #expect(FrequencyTable(lowest: 0, frequencies: [4096]) != nil)
    #expect(FrequencyTable(lowest: -128, frequencies: [1, 4095]) != nil)
    #expect(FrequencyTable(lowest: 127, frequencies: [4096]) != nil)
    #expect(FrequencyTable(lowest: 0, frequencies: []) == nil)
    #expect(FrequencyTable(lowest: 0, frequencies: [4095]) == nil)
    #expect(FrequencyTable(lowest: 0, frequencies: [4096, 4096]) == nil)
    #expect(FrequencyTable(lowest: 127, frequencies: [4095, 1]) == nil)
    #expect(FrequencyTable(lowest: -129, frequencies: [4096]) == nil)
  }
}

/// What is coded by one is decoded by the other.
@Suite struct EntropyTests {
  private static let tables = [
    FrequencyTable(counts: (0..<256).map { abs($0 - 128) < 2 ? 1000 : 1 }),
    FrequencyTable(counts: (0..<256).map { abs($0 - 128) < 40 ? 100 - abs($0 - 128) : 0 }),
    FrequencyTable(counts: (0..<256).map { $0 == 0 ? 0 : 1 }),
  ]

  /// A tensor with a table for each row, group and column, and its chunk.
  private struct Coded {
    let tensor: SampleTensor
    let rows: CodedRows
    let groupTables: [Int32]
    var chunk: [UInt8]

    init(columns: Int, arrangement: Arrangement = .tiles) throws {
      var random = SplitMix(UInt64(columns))
      let codes = (0..<5).map { _ in
        (0..<columns).map { _ in min(max(Int((random.normal() * 9).rounded()), -39), 39) }
      }
      tensor = try SampleTensor(.int8, arrangement, shape: [5, columns]) { codes[$0][$1] }
      let columnTables = (0..<columns).map { UInt8($0 % 3) }
      let groups = tensor.geometry.groupsPerRow
      groupTables = (0..<5 * groups).map { Int32($0 % 4 - 1) }
      rows = CodedRows(
        tensor.geometry, tables: 0...2, columnTables: columnTables, multipliers: nil)
      let intervals = EntropyTests.tables.map(\.intervals)
      var encoder = EntropyEncoder()
      for row in (0..<5).reversed() {
        for column in (0..<columns).reversed() {
          let number = Int(groupTables[row * groups + column / 32]) + Int(columnTables[column])
          encoder.prepend(
            intervals[min(max(number, 0), 2)][codes[row][column] + 128], column: column)
        }
      }
      chunk = encoder.bytes
    }

    /// The codes; nil where the chunk does not hold them.
    func decoded() throws -> [UInt8]? {
      let memory = try MemoryBuffer(count: tensor.geometry.codeBytes)
      let isWhole = EntropyTables(EntropyTests.tables).decode(
        0..<5, of: rows, chunk: 3..<chunk.count + 3, in: try MemoryBuffer([1, 2, 3] + chunk),
        groupTables: groupTables, to: 0..<memory.count, of: memory)
      return isWhole ? memory.bytes : nil
    }
  }

  @Test(arguments: [1, 7, 8, 9, 31, 32, 33, 72, 80, 120, 1000])
  func columns(_ count: Int) throws {
    for arrangement in [Arrangement.rows, .tiles] {
      let coded = try Coded(columns: count, arrangement: arrangement)
      #expect(try coded.decoded() == coded.tensor.planes[0])
    }
  }

  @Test func chunksThatAreNotWhole() throws {
    let coded = try Coded(columns: 72)
    func decoded(_ change: (inout [UInt8]) -> Void) throws -> [UInt8]? {
      var other = coded
      change(&other.chunk)
      return try other.decoded()
    }
    for length in coded.chunk.indices {
      #expect(try decoded { $0.removeSubrange(length...) } == nil, "\(length) bytes")
    }
    #expect(try decoded { $0 += [0] } == nil)
    #expect(try decoded { $0 += [0, 0] } == nil)
    // A state below 2^16.
    for state in 0..<8 {
      let low = try decoded { $0.replaceSubrange(4 * state + 2..<4 * state + 4, with: [0, 0]) }
      #expect(low == nil)
    }
    // Any other bytes end in other states, or in none.
    for place in coded.chunk.indices {
      let other = try decoded { $0[place] ^= 0x40 }
      #expect(other != coded.tensor.planes[0], "byte \(place)")
    }
  }
}
