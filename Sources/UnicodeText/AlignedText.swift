/// UTF-8 text, and where each of its bytes comes from.
public struct AlignedText: Equatable, Sendable {
  /// The text; valid UTF-8.
  public private(set) var bytes: [UInt8]

  /// For each byte the range of bytes of the original text that its scalar comes from; nil as
  /// long as the text is the original one.
  ///
  /// Offsets above `Int32.max` are kept as that.
  public private(set) var origins: [Range<Int32>]?

  /// Original text.
  ///
  /// - Parameter bytes: valid UTF-8.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  init(bytes: [UInt8], origins: [Range<Int32>]?) {
    self.bytes = bytes
    self.origins = origins
  }

  /// The part of the original text that a part of this one comes from.
  ///
  /// - Parameter range: bytes of this text.
  /// - Returns: bytes of the original text; empty for an empty range.
  public func origin(of range: Range<Int>) -> Range<Int> {
    guard let origins else { return range }
    guard !range.isEmpty else {
      let place =
        range.lowerBound < origins.count
        ? origins[range.lowerBound].lowerBound : origins.last?.upperBound ?? 0
      return Int(place)..<Int(place)
    }
    let start = origins[range.lowerBound].lowerBound
    return Int(start)..<max(Int(start), Int(origins[range.upperBound - 1].upperBound))
  }
}
