import UnicodeText

/// How the spellings of tokens become a text: steps in order.
struct Decoder: Sendable {
  private enum Step: Sendable {
    case byteLevel
    case fuse
    case byteFallback
    case replace(PatternReference, with: String)
    case strip(Unicode.Scalar, start: Int, stop: Int)

    /// Whether what it makes of a token depends on that token alone.
    var isLocal: Bool {
      switch self {
      case .replace, .strip: true
      case .byteLevel, .fuse, .byteFallback: false
      }
    }
  }

  private var steps: [Step] = []

  /// What stands between tokens: a space without decoder.
  private(set) var separator: [UInt8] = []

  /// Whether a text is the concatenation of what its tokens give, each for itself.
  let isLocal: Bool
  /// Whether tokens are nothing but bytes: the decoder of almost every byte-level tokenizer.
  let isPlainBytes: Bool

  /// Reads the `decoder` of a file; nil stands for none.
  init(_ part: ConfigurationPart?) throws(TokenizerError) {
    if let part {
      try Self.read(part, into: &steps)
    } else {
      separator = [UInt8(ascii: " ")]
    }
    // The result is joined in any case.
    while case .fuse? = steps.last { steps.removeLast() }
    if case .byteLevel? = steps.first, steps.count == 1 {
      isPlainBytes = true
    } else {
      isPlainBytes = false
    }
    // Steps for single tokens, then perhaps the one that makes bytes of them, and nothing that
    // would then see all of the text.
    switch steps.last {
    case .byteLevel?: isLocal = steps.dropLast().allSatisfy(\.isLocal)
    default: isLocal = steps.allSatisfy(\.isLocal)
    }
  }

  private static func read(
    _ part: ConfigurationPart, into steps: inout [Step]
  ) throws(TokenizerError) {
    switch try part.type() {
    case "Sequence":
      for element in try part.required("decoders").elements() { try read(element, into: &steps) }
    case "ByteLevel": steps.append(.byteLevel)
    case "Fuse": steps.append(.fuse)
    case "ByteFallback": steps.append(.byteFallback)
    case "Replace":
      steps.append(
        .replace(
          try PatternReference(part.required("pattern")),
          with: try part.required("content").string()))
    case "Strip":
      let content = try part.required("content")
      let scalars = try content.string().unicodeScalars
      guard let scalar = scalars.first, scalars.count == 1 else {
        throw content.wrong("one character")
      }
      steps.append(
        .strip(
          scalar, start: try part.required("start").number(upTo: .max),
          stop: try part.required("stop").number(upTo: .max)))
    case let type: throw .unsupportedPart(path: part.path, type: type)
    }
  }

  /// The bytes of the text that tokens of these spellings give, perhaps not valid UTF-8.
  func decode(_ tokens: [[UInt8]]) throws(TokenizerError) -> [UInt8] {
    let limit = PatternReference.growthLimit(tokens.reduce(0) { $0 + $1.count })
    var tokens = tokens
    for (index, step) in steps.enumerated() {
      switch step {
      case .byteLevel:
        let bytes = ByteAlphabet.decode(tokens)
        // What follows sees characters, with U+FFFD where there are none. If nothing follows,
        // the caller may have more bytes to come.
        tokens = [
          index < steps.count - 1 ? Array(String(decoding: bytes, as: UTF8.self).utf8) : bytes
        ]
      case .fuse:
        tokens = [Array(tokens.joined())]
      case .byteFallback:
        tokens = ByteFallback.decode(tokens)
      case .replace(let pattern, let content):
        tokens = try tokens.map { token throws(TokenizerError) in
          try replace(pattern, with: content, in: token, limit: limit)
        }
      case .strip(let scalar, let start, let stop):
        tokens = tokens.map { strip(scalar, start, stop, from: $0) }
      }
    }
    return Array(tokens.joined(separator: separator))
  }

  private func replace(
    _ pattern: PatternReference, with content: String, in token: [UInt8], limit: Int
  ) throws(TokenizerError) -> [UInt8] {
    try pattern.checkGrowth(of: token, replacingWith: content, limit: limit)
    let matches = try pattern.errors { pattern throws(PatternError) in
      try pattern.matches(in: token)
    }
    var result: [UInt8] = []
    var position = 0
    for match in matches {
      result += token[position..<match.lowerBound]
      result += content.utf8
      position = match.upperBound
    }
    return result + token[position...]
  }

  private func strip(
    _ scalar: Unicode.Scalar, _ start: Int, _ stop: Int, from token: [UInt8]
  ) -> [UInt8] {
    var scalars = String(decoding: token, as: UTF8.self).unicodeScalars[...]
    for _ in 0..<min(start, scalars.count) where scalars.first == scalar { scalars.removeFirst() }
    for _ in 0..<min(stop, scalars.count) where scalars.last == scalar { scalars.removeLast() }
    return Array(String(scalars).utf8)
  }
}

extension ByteAlphabet {
  /// The bytes of tokens; a token that is not in the alphabet stands for its own spelling.
  fileprivate static func decode(_ tokens: [[UInt8]]) -> [UInt8] {
    var result: [UInt8] = []
    let table = bytes
    for token in tokens {
      if !decode(token.span, 0..<token.count, table: table, into: &result) {
        result += token
      }
    }
    return result
  }
}

/// Tokens such as `<0xE2>` that stand for a byte.
enum ByteFallback {
  /// Joins runs of such tokens to characters, or to one U+FFFD each where they are none.
  static func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    func endRun() {
      if run.isEmpty { return }
      if firstInvalidUTF8(run) == nil {
        result.append(run)
      } else {
        for _ in run { result.append(Array("\u{FFFD}".utf8)) }
      }
      run = []
    }
    for token in tokens {
      if let byte = byte(of: token) {
        run.append(byte)
      } else {
        endRun()
        result.append(token)
      }
    }
    endRun()
    return result
  }

  private static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }
}
