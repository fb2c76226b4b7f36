/// How the spellings of tokens become a text: what each token gives, one after the other.
struct Decoder: Sendable {
  /// Whether spellings are in the byte alphabet, as those of every published byte-level tokenizer.
  private(set) var isByteLevel = false
  /// What stands between tokens: a space without decoder.
  let separator: [UInt8]

  /// Reads the `decoder` of a file; nil stands for none.
  init(_ part: ConfigurationPart?) throws(TokenizerError) {
    separator = part == nil ? [UInt8(ascii: " ")] : []
    var isFirst = true
    if let part { try read(part, isFirst: &isFirst) }
  }

  private mutating func read(
    _ part: ConfigurationPart, isFirst: inout Bool
  ) throws(TokenizerError) {
    switch try part.type() {
    case "Sequence":
      for element in try part.required("decoders").elements() {
        try read(element, isFirst: &isFirst)
      }
    case "ByteLevel":
      guard isFirst else {
        throw .unsupportedSetting(
          path: part.path, found: "'ByteLevel' behind another decoder",
          reason: "it is supported as the first one only")
      }
      isByteLevel = true
      isFirst = false
    case "Fuse":
      isFirst = false  // The result is joined in any case.
    case let type: throw .unsupportedPart(path: part.path, type: type)
    }
  }

  /// Appends the bytes that a token of this spelling stands for, perhaps not valid UTF-8.
  ///
  /// A token that is not in the byte alphabet stands for its own spelling.
  func append(_ spelling: [UInt8], to bytes: inout [UInt8]) {
    if isByteLevel,
      ByteAlphabet.decode(
        spelling.span, 0..<spelling.count, table: ByteAlphabet.bytes, into: &bytes)
    {
      return
    }
    bytes += spelling
  }
}
