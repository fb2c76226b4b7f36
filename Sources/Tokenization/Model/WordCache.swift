/// Words that were seen, and the ids they became.
///
/// When it is full it starts anew: the words that matter are soon back.
package struct WordCache: Sendable {
  /// Words of more bytes are rare, and not kept.
  static let longestWord = 128

  private static let slotCount = 1 << 16
  private static let entryLimit = 1 << 15
  private static let byteLimit = 1 << 20

  private struct Entry {
    var hash: UInt64
    var wordStart: UInt32
    var wordLength: UInt32
    var firstID: UInt32
    var endID: UInt32
  }

  private var slots = [UInt32](repeating: 0, count: slotCount)
  private var entries: [Entry] = []
  private let seed = UInt64.random(in: .min ... .max)
  private var words: [UInt8] = []
  /// The ids of all words.
  package private(set) var ids: [UInt32] = []

  package init() {}

  /// The hash by which words are found.
  @inline(__always)
  package func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    text.hash(range, seed: seed)
  }

  /// Where the ids of a word lie in `ids`, if it is known.
  @inline(__always)
  package func find(_ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64) -> Range<Int>? {
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot] != 0 {
      let entry = entries[Int(slots[slot]) - 1]
      if entry.hash == hash, Int(entry.wordLength) == range.count,
        text.equals(range, words.span, at: Int(entry.wordStart))
      {
        return Int(entry.firstID)..<Int(entry.endID)
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return nil
  }

  /// Keeps a word that is not there yet, and its ids.
  package mutating func insert(
    _ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64, ids new: [UInt32]
  ) {
    if entries.count >= Self.entryLimit || words.count + range.count > Self.byteLimit { clear() }
    entries.append(
      Entry(
        hash: hash, wordStart: UInt32(words.count), wordLength: UInt32(range.count),
        firstID: UInt32(ids.count), endID: UInt32(ids.count + new.count)))
    for offset in range { words.append(text[offset]) }
    ids.append(contentsOf: new)
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
    slots[slot] = UInt32(entries.count)
  }

  private mutating func clear() {
    for index in slots.indices { slots[index] = 0 }
    entries.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
  }
}
