import Diagnostics

/// Which pairs of tokens merge: pair to rank and to the token they become.
package struct MergeTable: Sendable {
  /// The number of merges that the table holds at most.
  static let limit = Limits.merges

  /// What a pair becomes, and how early.
  package struct Merge: Sendable {
    /// No such merge; its rank is behind all others.
    static let none = Merge(rank: .max, id: 0)
    package var rank: UInt32
    package var id: UInt32
  }

  private struct Entry {
    var pair: UInt64
    var id: UInt32
  }

  /// The merges by rank.
  private var entries: [Entry] = []
  /// By hash: the rank plus one, and above it eight bits of the hash; zero where empty.
  ///
  /// This is what almost every search reads and nothing else, so it is kept small. The count is
  /// a power of two, at least twice that of the merges.
  private var slots: [UInt32]
  private let seed = UInt64.random(in: .min ... .max)

  package init(capacity: Int) {
    var slotCount = 16
    while slotCount < 2 * capacity { slotCount *= 2 }
    slots = [UInt32](repeating: 0, count: slotCount)
  }

  /// The number of merges: the rank of the next one.
  var count: Int { entries.count }

  /// The merge of two tokens that stand side by side.
  @inline(__always)
  package subscript(left: UInt32, right: UInt32) -> Merge {
    let pair = Self.pair(left, right)
    let content = slots[slot(of: pair)]
    if content == 0 { return .none }
    let rank = content & 0xFF_FFFF - 1
    return Merge(rank: rank, id: entries[Int(rank)].id)
  }

  /// Adds a merge of the next rank; of a pair that occurs twice, the later one counts.
  package mutating func append(_ left: Int, _ right: Int, becoming id: Int) {
    if 2 * (entries.count + 1) > slots.count { grow() }
    let pair = Self.pair(UInt32(left), UInt32(right))
    entries.append(Entry(pair: pair, id: UInt32(id)))
    slots[slot(of: pair)] = content(pair, rank: entries.count - 1)
  }

  /// The slot of a pair, or the one where it would go.
  @inline(__always)
  private func slot(of pair: UInt64) -> Int {
    let hash = hash(pair)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let content = slots[slot]
      if content == 0 { return slot }
      if content >> 24 == tag(hash), entries[Int(content & 0xFF_FFFF) - 1].pair == pair {
        return slot
      }
      slot = (slot + 1) & mask
    }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: 2 * slots.count)
    for (rank, entry) in entries.enumerated() {
      slots[slot(of: entry.pair)] = content(entry.pair, rank: rank)
    }
  }

  private func content(_ pair: UInt64, rank: Int) -> UInt32 {
    tag(hash(pair)) << 24 | UInt32(rank + 1)
  }

  @inline(__always)
  private func hash(_ pair: UInt64) -> UInt64 { mixed(pair ^ seed) }

  @inline(__always)
  private func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 56) }

  @inline(__always)
  private static func pair(_ left: UInt32, _ right: UInt32) -> UInt64 {
    UInt64(left) << 32 | UInt64(right)
  }
}
