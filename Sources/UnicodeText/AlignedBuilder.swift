/// Puts a text together from parts of another one and what replaces the rest.
struct AlignedBuilder {
  private let old: AlignedText
  private(set) var bytes: [UInt8] = []
  private var origins: [Range<Int32>] = []

  /// Nothing yet of a text that is made from `text`.
  init(from text: AlignedText) {
    old = text
    bytes.reserveCapacity(text.bytes.count)
    origins.reserveCapacity(text.bytes.count)
  }

  /// The text so far.
  var text: AlignedText { AlignedText(bytes: bytes, origins: origins) }

  /// Goes on with a part of the old text.
  mutating func copy(_ range: Range<Int>) {
    bytes += old.bytes[range]
    if let origins = old.origins {
      self.origins += origins[range]
      return
    }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let length = old.bytes.span.scalar(at: offset, before: range.upperBound).length
      let origin = Int32(clamping: offset)..<Int32(clamping: offset + length)
      for _ in 0..<length { origins.append(origin) }
      offset += length
    }
  }

  /// Goes on with a scalar that comes from a part of the old text.
  mutating func append(_ scalar: UInt32, from source: Range<Int>) {
    UnicodeText.append(scalar, to: &bytes)
    fill(source)
  }

  /// Goes on with text that comes from a part of the old text.
  mutating func append(_ text: [UInt8], from source: Range<Int>) {
    bytes += text
    fill(source)
  }

  private mutating func fill(_ source: Range<Int>) {
    let range = old.origin(of: source)
    let origin = Int32(clamping: range.lowerBound)..<Int32(clamping: range.upperBound)
    while origins.count < bytes.count { origins.append(origin) }
  }
}
