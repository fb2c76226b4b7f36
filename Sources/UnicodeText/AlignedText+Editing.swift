extension AlignedText {
  /// The text without the white space at its start, its end or both.
  public func stripped(left: Bool, right: Bool) -> AlignedText {
    let white = ScalarSet.whiteSpace
    let text = bytes.span
    var start = 0
    var end = bytes.count
    while left, start < end {
      let scalar = text.scalar(at: start, before: end)
      guard white.contains(scalar.value) else { break }
      start += scalar.length
    }
    while right, start < end {
      let last = text.scalarStart(before: end, from: start)
      guard white.contains(text.scalar(at: last, before: end).value) else { break }
      end = last
    }
    return start == 0 && end == bytes.count ? self : part(start..<end)
  }

  /// A part of the text, aligned to the same original.
  ///
  /// - Parameter range: bytes; its bounds are at borders of scalars.
  /// - Returns: the part.
  public func part(_ range: Range<Int>) -> AlignedText {
    var builder = AlignedBuilder(from: self)
    builder.copy(range)
    return builder.text
  }

  /// The text with other text at its start; empty text stays empty.
  ///
  /// - Parameter prefix: the text; it comes from the first scalar of this one.
  /// - Returns: the longer text.
  public func prepending(_ prefix: String) -> AlignedText {
    if prefix.isEmpty || bytes.isEmpty { return self }
    var builder = AlignedBuilder(from: self)
    let first = bytes.span.scalar(at: 0, before: bytes.count).length
    builder.append(Array(prefix.utf8), from: 0..<first)
    builder.copy(0..<bytes.count)
    return builder.text
  }

  /// The text with all matches of a pattern replaced.
  ///
  /// - Parameters:
  ///   - pattern: what is replaced.
  ///   - replacement: what stands instead; it comes from the bytes of the match.
  /// - Returns: the changed text.
  /// - Throws: an error if a regular expression backtracks too much.
  public func replacing(
    _ pattern: SplitPattern, with replacement: String
  ) throws(PatternError) -> AlignedText {
    let matches = try pattern.matches(in: bytes)
    if matches.isEmpty { return self }
    let replacement = Array(replacement.utf8)
    var builder = AlignedBuilder(from: self)
    var copied = 0
    for match in matches {
      builder.copy(copied..<match.lowerBound)
      builder.append(replacement, from: match)
      copied = match.upperBound
    }
    builder.copy(copied..<bytes.count)
    return builder.text
  }

  /// The text in lower case: every scalar by itself, without regard to its neighbours.
  public func lowercased() -> AlignedText {
    var builder = AlignedBuilder(from: self)
    var copied = 0
    var offset = 0
    while offset < bytes.count {
      let (value, length) = bytes.span.scalar(at: offset, before: bytes.count)
      let next = offset + length
      if let scalar = Unicode.Scalar(value), scalar.properties.changesWhenLowercased {
        builder.copy(copied..<offset)
        builder.append(Array(scalar.properties.lowercaseMapping.utf8), from: offset..<next)
        copied = next
      }
      offset = next
    }
    if copied == 0 { return self }
    builder.copy(copied..<bytes.count)
    return builder.text
  }
}
