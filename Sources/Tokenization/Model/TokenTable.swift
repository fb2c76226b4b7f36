import Diagnostics

/// The tokens of a vocabulary: id to bytes and bytes to id, in flat memory.
///
/// A token that is written in the byte alphabet is held as the bytes it stands for, which is
/// what a text is compared with and what decoding gives. Any other token, such as one that
/// contains a space, is held as it is spelled and marked so: no text is ever split into one.
struct TokenTable: Sendable {
  /// The greatest id that is accepted: it bounds the memory that a small file can ask for.
  static let idLimit = Limits.tokenID

  private struct Entry {
    static let absent = Entry(start: .max, length: 0, isLiteral: true)
    var start: UInt32
    var length: UInt32
    var isLiteral: Bool
  }

  private var entries: [Entry] = []
  private var storage: [UInt8] = []
  /// The ids plus one by hash, with ten bits of the hash above them; zero where empty.
  ///
  /// The count is a power of two.
  private var slots: [UInt32] = []
  private let seed = UInt64.random(in: .min ... .max)
  /// The number of tokens.
  private(set) var count = 0

  /// The greatest id plus one.
  var idBound: Int { entries.count }

  /// The bytes of all tokens, one after another in order of reading.
  var bytes: [UInt8] { storage }

  /// Takes a token's spelling from a text, without looking whether it is there already.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - range: the spelling.
  ///   - id: at most `idLimit`.
  ///   - alphabet: `ByteAlphabet.bytes`.
  /// - Returns: whether the id was free.
  mutating func append(
    _ text: Span<UInt8>, _ range: Range<Int>, id: Int, alphabet: [Int16]
  ) -> Bool {
    if id >= entries.count {
      entries.append(contentsOf: repeatElement(.absent, count: id + 1 - entries.count))
    }
    guard entries[id].start == .max else { return false }
    let start = storage.count
    let isLiteral = !ByteAlphabet.decode(text, range, table: alphabet, into: &storage)
    if isLiteral { for offset in range { storage.append(text[offset]) } }
    entries[id] = Entry(
      start: UInt32(start), length: UInt32(storage.count - start), isLiteral: isLiteral)
    count += 1
    return true
  }

  /// Makes tokens findable by their bytes.
  ///
  /// - Returns: the ids of two tokens with one spelling, if there are such.
  mutating func index() -> (Int, Int)? {
    var capacity = 16
    while capacity < 2 * count { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    for id in entries.indices where entries[id].start != .max {
      let hash = storage.span.hash(range(id), seed: seed)
      let (slot, found) = find(
        storage.span, range(id), hash: hash, isLiteral: entries[id].isLiteral)
      if let found { return (found, id) }
      slots[slot] = tag(hash) << 22 | UInt32(id + 1)
    }
    return nil
  }

  /// Whether there is a token of that id.
  func contains(_ id: Int) -> Bool {
    entries.indices.contains(id) && entries[id].start != .max
  }

  /// The number of bytes that a token stands for.
  @inline(__always)
  func length(_ id: Int) -> Int { Int(entries[id].length) }

  /// Where the bytes of a token lie in `bytes`.
  func range(_ id: Int) -> Range<Int> {
    let entry = entries[id]
    return Int(entry.start)..<Int(entry.start) + Int(entry.length)
  }

  /// The token that stands for the bytes of a range.
  func id(of text: Span<UInt8>, _ range: Range<Int>) -> Int? {
    find(text, range, hash: text.hash(range, seed: seed), isLiteral: false).found
  }

  /// The token that stands for the bytes of a range; fast if it is the one that is guessed.
  func id(of text: Span<UInt8>, _ range: Range<Int>, guess: Int) -> Int? {
    if guess < entries.count, !entries[guess].isLiteral,
      Int(entries[guess].length) == range.count,
      text.equals(range, storage.span, at: Int(entries[guess].start))
    {
      return guess
    }
    return id(of: text, range)
  }

  /// The token with that spelling.
  func id(spelled text: Span<UInt8>, _ range: Range<Int>) -> Int? {
    var bytes: [UInt8] = []
    if ByteAlphabet.decode(text, range, table: ByteAlphabet.bytes, into: &bytes) {
      return id(of: bytes.span, 0..<bytes.count)
    }
    return find(text, range, hash: text.hash(range, seed: seed), isLiteral: true).found
  }

  /// How a token is spelled in the file.
  func spelling(_ id: Int) -> String {
    let bytes = storage[range(id)]
    if entries[id].isLiteral { return String(decoding: bytes, as: UTF8.self) }
    var text: [UInt8] = []
    for byte in bytes { ByteAlphabet.append(byte, to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The slot of the bytes of a range, or the one where they would go.
  @inline(__always)
  private func find(
    _ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64, isLiteral: Bool
  ) -> (slot: Int, found: Int?) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let content = slots[slot]
      if content == 0 { return (slot, nil) }
      if content >> 22 == tag(hash) {
        let id = Int(content & 0x3F_FFFF) - 1
        let entry = entries[id]
        if Int(entry.length) == range.count, entry.isLiteral == isLiteral,
          text.equals(range, storage.span, at: Int(entry.start))
        {
          return (slot, id)
        }
      }
      slot = (slot + 1) & mask
    }
  }

  @inline(__always)
  private func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 54) }
}
