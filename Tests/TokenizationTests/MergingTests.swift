import TestSupport
import Testing
import Tokenization

/// Merging as it is defined, one pair after another, without any thought of time.
private func mergePlainly(_ symbols: [UInt32], _ table: MergeTable) -> [UInt32] {
  var symbols = symbols
  while symbols.count > 1 {
    let merges = (0..<symbols.count - 1).map { table[symbols[$0], symbols[$0 + 1]] }
    guard let rank = merges.map(\.rank).min(), rank != .max,
      let place = merges.firstIndex(where: { $0.rank == rank })
    else { break }
    symbols.replaceSubrange(place...place + 1, with: [merges[place].id])
  }
  return symbols
}

@Suite struct MergingTests {
  /// Words on both sides of the length from which on a heap is used.
  @Test(arguments: [1, 2, 3, 10, 63, 64, 65, 66, 130, 500])
  func equalsPlainMerging(_ count: Int) {
    var random = SplitMix(UInt64(count))
    var merger = PairMerger()
    for _ in 0..<30 {
      // Tokens are strings of few letters, so that merges compete for the same symbols.
      var tokens = ["a", "b", "c"]
      var table = MergeTable(capacity: 0)
      for _ in 0..<40 {
        let left = Int.random(in: tokens.indices, using: &random)
        let right = Int.random(in: tokens.indices, using: &random)
        let merged = tokens[left] + tokens[right]
        if !tokens.contains(merged) { tokens.append(merged) }
        table.append(left, right, becoming: tokens.firstIndex(of: merged) ?? 0)
      }
      let word = (0..<count).map { _ in UInt32.random(in: 0..<3, using: &random) }
      merger.symbols = word
      merger.merge(with: table)
      #expect(merger.symbols == mergePlainly(word, table))
    }
  }

  @Test func longWordsTakeNoQuadraticTime() throws {
    // A quarter of a million symbols: with quadratic time this test would not end.
    let tokenizer = try Samples.tokenizer(merges: ["a a", "aa aa", "aaaa aaaa"])
    let tokens = try tokenizer.encode(String(repeating: "a", count: 250_000))
    #expect(tokens.count == 250_000 / 8)
  }

  @Test func ofARepeatedPairTheLaterMergeCounts() {
    var table = MergeTable(capacity: 1)
    table.append(1, 2, becoming: 3)
    table.append(4, 5, becoming: 6)
    table.append(1, 2, becoming: 3)
    #expect(table[1, 2].rank == 2)
    #expect(table[4, 5].rank == 1)
    #expect(table[2, 1].rank == .max)
  }

  @Test func tableGrows() {
    var table = MergeTable(capacity: 0)
    for index in 0..<5000 { table.append(index, 7 * index, becoming: index + 1) }
    for index in 0..<5000 {
      let merge = table[UInt32(index), UInt32(7 * index)]
      #expect(merge.rank == UInt32(index) && merge.id == UInt32(index + 1))
    }
    #expect(table[3, 3].rank == .max)
  }

  @Test func cacheForgetsAndRemembers() {
    var cache = WordCache()
    var word: [UInt8] = []
    for index in 0..<100_000 {
      word = Array("word\(index)".utf8)
      let hash = cache.hash(word.span, 0..<word.count)
      #expect(cache.find(word.span, 0..<word.count, hash: hash) == nil)
      cache.insert(word.span, 0..<word.count, hash: hash, ids: [UInt32(index), 1])
    }
    let hash = cache.hash(word.span, 0..<word.count)
    let found = cache.find(word.span, 0..<word.count, hash: hash)
    #expect(found.map { Array(cache.ids[$0]) } == [99_999, 1])
  }
}
