extension AlignedText {
  /// The text in a normalization form of Unicode 9.0, the version that the `tokenizers` library
  /// normalizes by; what came later stays as it is.
  ///
  /// Text that already is in the form is returned as it is, alignment included. A scalar that
  /// results from a composition comes from all bytes of its parts, a scalar of a decomposition
  /// from the whole scalar that was decomposed. Time and memory are linear in the text, however
  /// many combining marks follow each other.
  public func normalized(_ form: NormalizationForm) -> AlignedText {
    let table = NormalizationTable.shared
    let scan = NormalizationScan(form: form, table: table)
    let end = bytes.count
    guard var part = scan.nextUnsafePart(in: bytes.span, from: 0, end: end) else { return self }
    var normalizer = SegmentNormalizer(form: form, table: table)
    var builder = AlignedBuilder(from: self)
    var copied = 0
    while true {
      builder.copy(copied..<part.lowerBound)
      normalizer.normalize(bytes.span, part)
      for item in normalizer.items { builder.append(item.scalar, from: item.source) }
      copied = part.upperBound
      guard let next = scan.nextUnsafePart(in: bytes.span, from: copied, end: end) else { break }
      part = next
    }
    builder.copy(copied..<end)
    // Marks that may compose but don't are looked at in vain.
    return builder.bytes == bytes ? self : builder.text
  }
}

/// Finds the parts of a text that may not be in a form.
private struct NormalizationScan {
  let form: NormalizationForm
  let table: NormalizationTable

  /// The next part that needs work.
  ///
  /// It goes from a scalar that nothing before it has an influence on to the next such scalar
  /// behind the trouble; `start` is the start of such a scalar.
  func nextUnsafePart(in text: Span<UInt8>, from start: Int, end: Int) -> Range<Int>? {
    let raw = unsafe text.bytes
    var offset = start
    var safe = start  // the last scalar that nothing before it has an influence on
    var lastClass: UInt8 = 0
    while offset < end {
      if text[offset] < 0x80 {
        offset += 1
        while offset + 8 <= end, raw.word(at: offset) & 0x8080_8080_8080_8080 == 0 { offset += 8 }
        while offset < end, text[offset] < 0x80 { offset += 1 }
        safe = offset - 1
        lastClass = 0
        continue
      }
      let scalar = text.wideScalar(at: offset, before: end)
      let properties = table[scalar.value]
      let isOrdered = properties.combiningClass == 0 || properties.combiningClass >= lastClass
      if !isOrdered || !properties.stays(in: form) {
        return safe..<self.end(of: safe, trouble: offset + scalar.length, in: text, end: end)
      }
      if properties.combiningClass == 0 { safe = offset }
      lastClass = properties.combiningClass
      offset += scalar.length
    }
    return nil
  }

  /// The first scalar at or behind `trouble` that nothing before it has an influence on.
  private func end(of safe: Int, trouble: Int, in text: Span<UInt8>, end: Int) -> Int {
    var offset = trouble
    while offset < end {
      let scalar = text.scalar(at: offset, before: end)
      let properties = table[scalar.value]
      if properties.combiningClass == 0 && properties.stays(in: form) { break }
      offset += scalar.length
    }
    return offset
  }
}
