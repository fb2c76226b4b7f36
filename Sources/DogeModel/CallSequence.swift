/// What a call adds to a sequence.
public struct SequenceCall {
  /// The tokens that follow those in the cache, at least one.
  public let tokens: [Int]
  /// The sequence so far.
  public let cache: KVCache

  /// Some tokens that follow those in a cache.
  public init(_ tokens: [Int], cache: KVCache) {
    self.tokens = tokens
    self.cache = cache
  }
}

/// One of the sequences of a call, as a member of the team sees it.
struct CallSequence: Sendable {
  /// Its rows of the call.
  let rows: Range<Int>
  /// The position of the first of them.
  let start: Int
  let caches: [LayerCache]
  let rotation: RotaryTable.Rows

  /// The same for each of some members, by objects of its own.
  static func views(
    of cache: KVCache, rows: Range<Int>, members: Int, rotary: RotaryTable
  ) -> [CallSequence] {
    let rotation = rotary.table(for: cache.count..<cache.count + rows.count)
    let caches = cache.layers(of: members)
    return (0..<members).map {
      CallSequence(
        rows: rows, start: cache.count, caches: caches[$0], rotation: rotation.shared())
    }
  }
}
