/// Byte-level byte-pair encoding: turns the bytes of a word into ids.
struct BytePairModel: Sendable {
  /// What stands for a byte that has no token: it vanishes.
  static let noSymbol = UInt32.max

  let tokens: TokenTable
  let merges: MergeTable
  /// The token of each byte.
  let symbols: [UInt32]
  /// Whether a word that is a token is taken as such, merges or not.
  let ignoresMerges: Bool

  init(tokens: TokenTable, merges: MergeTable, ignoresMerges: Bool) {
    self.tokens = tokens
    self.merges = merges
    self.ignoresMerges = ignoresMerges
    symbols = (UInt8.min...UInt8.max).map { byte in
      tokens.id(of: [byte].span, 0..<1).map { UInt32($0) } ?? Self.noSymbol
    }
    missingSymbols = symbols.count { $0 == Self.noSymbol }
  }

  /// The number of bytes that have no token.
  let missingSymbols: Int

  @inline(__always)
  private var hasAllBytes: Bool { missingSymbols == 0 }

  /// Encodes a word into `merger.symbols`.
  func encode(_ text: Span<UInt8>, _ word: Range<Int>, with merger: inout PairMerger) {
    merger.symbols.removeAll(keepingCapacity: true)
    if ignoresMerges, let id = tokens.id(of: text, word) {
      merger.symbols.append(UInt32(id))
      return
    }
    for offset in word {
      let symbol = symbols[Int(text[offset])]
      if symbol != Self.noSymbol { merger.symbols.append(symbol) }
    }
    merger.merge(with: merges)
  }
}

extension BytePairModel {
  /// Where a token of a word ends that begins at `start`, or behind the bytes at `start` that
  /// have no token.
  @inline(__always)
  func end(of id: Int, from start: inout Int, in bytes: [UInt8]) -> Int {
    hasAllBytes
      ? start + tokens.length(id) : endSkippingMissing(of: id, from: &start, in: bytes)
  }

  private func endSkippingMissing(of id: Int, from start: inout Int, in bytes: [UInt8]) -> Int {
    func isMissing(_ offset: Int) -> Bool { symbols[Int(bytes[offset])] == Self.noSymbol }
    while start < bytes.count, isMissing(start) { start += 1 }
    var end = start
    var left = tokens.length(id)
    while left > 0, end < bytes.count {
      if !isMissing(end) { left -= 1 }
      end += 1
    }
    return end
  }
}
