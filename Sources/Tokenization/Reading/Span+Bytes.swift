/// Hashing and comparing bytes, eight at a time and checked against the bounds.
extension Span<UInt8> {
  /// A number that depends on the bytes of a range and on a seed.
  ///
  /// Tables draw their seeds, so that no file can be made to fill them with collisions.
  @inline(__always)
  func hash(_ range: Range<Int>, seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(truncatingIfNeeded: range.count)
    var offset = range.lowerBound
    while offset + 8 <= range.upperBound {
      state = mixed(state ^ word(at: offset))
      offset += 8
    }
    if offset < range.upperBound { state = mixed(state ^ word(offset..<range.upperBound)) }
    return state
  }

  /// Whether a range holds the same bytes as one of equal length in `other`.
  @inline(__always)
  func equals(_ range: Range<Int>, _ other: Span<UInt8>, at start: Int) -> Bool {
    var offset = range.lowerBound
    var otherOffset = start
    while offset + 8 <= range.upperBound {
      if word(at: offset) != other.word(at: otherOffset) { return false }
      offset += 8
      otherOffset += 8
    }
    let rest = range.upperBound - offset
    return rest == 0
      || word(offset..<range.upperBound) == other.word(otherOffset..<otherOffset + rest)
  }

  /// One to seven bytes as one word, the first of them lowest.
  @inline(__always)
  private func word(_ range: Range<Int>) -> UInt64 {
    if range.lowerBound + 8 <= count {
      return word(at: range.lowerBound) & (1 << UInt64(8 * range.count) - 1)
    }
    var word: UInt64 = 0
    for offset in range.reversed() { word = word << 8 | UInt64(self[offset]) }
    return word
  }

  /// Eight bytes as one word, the first of them lowest.
  @inline(__always)
  private func word(at offset: Int) -> UInt64 {
    let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return UInt64(littleEndian: word)
  }
}

/// A number in which every bit depends on every bit of `value`.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
  let (high, low) = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
  return high ^ low
}
