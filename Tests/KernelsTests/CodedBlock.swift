import CKernels
import TestSupport

/// A block of cached keys and values with random contents, and queries for it.
struct CodedBlock {
  typealias Row = (codes: [Int8], scale: Float)

  struct Query {
    var codes: [Int8]
    var scale: Float
    var seen: Range<Int>
    var maskRow: Int
    var least: (mask: Float, position: Int)
  }

  let first = 256
  let head: Int
  let padded: Int
  var keys: [Row] = []
  var values: [Row] = []
  var masks: [[Float]]

  init(head: Int, maskRows: Int, _ random: inout SplitMix, quantize: ([Float]) -> Row) {
    self.head = head
    padded = (head + 63) / 64 * 64
    masks = (0..<maskRows).map { _ in
      // Of a few values, so that many are equal.
      (0..<128).map { _ in Float(Int.random(in: 0..<9, using: &random)) / 4 }
    }
    for _ in 0..<128 {
      keys.append(quantize(random.normals(head)))
      values.append(quantize(random.normals(head, scale: 3)))
    }
  }

  /// A query that sees all, only some, keeps only some by one row of masks, or by any.
  func query(kind: Int, _ random: inout SplitMix, quantize: ([Float]) -> Row) -> Query {
    let own = quantize(random.normals(head))
    var query = Query(
      codes: own.codes, scale: own.scale / Float(head).squareRoot(), seen: 0..<1000, maskRow: 0,
      least: (-.infinity, 0))
    if kind > 0 {
      let start = Int.random(in: 0..<3, using: &random) == 0 ? first + 21 : 0
      query.seen = start..<max(start, Int.random(in: first - 20..<first + 150, using: &random))
    }
    if kind > 1 {
      query.least = (
        Float(Int.random(in: 0..<9, using: &random)) / 4,
        Int.random(in: 0..<first + 128, using: &random)
      )
    }
    if kind == 3 || kind == 1 { query.maskRow = Int.random(in: 0..<masks.count, using: &random) }
    return query
  }

  func keysThatCount(for query: Query) -> [Int] {
    (0..<128).filter { j in
      let mask = masks[query.maskRow][j]
      return query.seen.contains(first + j)
        && (mask, first + j) >= (query.least.mask, query.least.position)
    }
  }

  /// The same where kernels find it.
  struct Memory {
    let block: kb_cache_block
    let queries: Guarded<kb_attention_query>
    private let codes: [Guarded<Int8>]
    private let floats: [Guarded<Float>]

    init(_ block: CodedBlock, _ queries: [Query]) {
      codes =
        [Guarded(block.keys.flatMap(\.codes)), Guarded(block.values.flatMap(\.codes))]
        + queries.map { Guarded($0.codes) }
      floats = [
        Guarded(block.keys.map(\.scale)), Guarded(block.values.map(\.scale)),
        Guarded(block.masks.flatMap { $0 }),
      ]
      self.block = kb_cache_block(
        keys: codes[0].base, values: codes[1].base, next_keys: nil, key_scales: floats[0].base,
        value_scales: floats[1].base, masks: floats[2].base, first: UInt32(block.first),
        padded_head: UInt32(block.padded))
      let codes = codes
      self.queries = Guarded(
        queries.enumerated().map { index, query in
          kb_attention_query(
            codes: codes[2 + index].base, scale: query.scale,
            begin: UInt32(query.seen.lowerBound), end: UInt32(query.seen.upperBound),
            mask_row: UInt32(query.maskRow), least: query.least.mask,
            since: UInt32(query.least.position))
        })
    }
  }
}
