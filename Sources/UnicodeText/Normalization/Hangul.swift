/// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
enum Hangul {
  static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  static let leads: Range<UInt32> = 0x1100..<0x1113
  static let vowels: Range<UInt32> = 0x1161..<0x1176
  static let finals: Range<UInt32> = 0x11A8..<0x11C3
  /// Syllables of one lead and vowel: one without a final, then one for each.
  private static let block: UInt32 = 28

  /// The two or three letters of a syllable; zero instead of a final that isn't there.
  static func decomposition(_ syllable: UInt32) -> (UInt32, UInt32, UInt32)? {
    guard syllables.contains(syllable) else { return nil }
    let index = syllable - syllables.lowerBound
    let final = index % block
    let vowelCount = UInt32(vowels.count)
    return (
      leads.lowerBound + index / block / vowelCount,
      vowels.lowerBound + index / block % vowelCount,
      final == 0 ? 0 : finals.lowerBound - 1 + final
    )
  }

  /// The syllable of a lead and a vowel, or of a syllable without a final and one.
  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if leads.contains(first), vowels.contains(second) {
      let index = (first - leads.lowerBound) * UInt32(vowels.count) + second - vowels.lowerBound
      return syllables.lowerBound + index * block
    }
    if syllables.contains(first), finals.contains(second),
      (first - syllables.lowerBound) % block == 0
    {
      return first + second - finals.lowerBound + 1
    }
    return nil
  }
}
