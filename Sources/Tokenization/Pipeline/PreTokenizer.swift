import UnicodeText

/// How a text is split into the words that the model encodes: steps in order.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case split(PatternReference, SplitBehavior, invert: Bool)
    /// A space in front of every piece that has none.
    case prefixSpace
    /// From here on, patterns see the characters of the byte alphabet.
    case bytesAsCharacters
  }

  private(set) var steps: [Step] = []

  /// Reads the `pre_tokenizer` of a file.
  init(_ part: ConfigurationPart?) throws(TokenizerError) {
    if let part { try append(part) }
    let conversions = steps.count {
      if case .bytesAsCharacters = $0 { true } else { false }
    }
    guard conversions > 0 else {
      throw .unsupportedSetting(
        path: "pre_tokenizer", found: part == nil ? "missing" : "without 'ByteLevel'",
        reason: "a vocabulary of characters instead of bytes is not supported")
    }
    guard conversions == 1 else {
      throw .unsupportedSetting(
        path: "pre_tokenizer", found: "'ByteLevel' \(conversions) times",
        reason: "bytes of bytes are not supported")
    }
    // Where nothing looks at the characters, there is no need for them.
    if case .bytesAsCharacters? = steps.last { steps.removeLast() }
  }

  private mutating func append(_ part: ConfigurationPart) throws(TokenizerError) {
    switch try part.type() {
    case "Sequence":
      for element in try part.required("pretokenizers").elements() { try append(element) }
    case "ByteLevel":
      if try part.bool("add_prefix_space", default: true) { steps.append(.prefixSpace) }
      if try part.bool("use_regex", default: true) { split(.gpt2, .isolated, part) }
      steps.append(.bytesAsCharacters)
    case "Split":
      let pattern = try PatternReference(part.required("pattern"))
      steps.append(
        .split(
          pattern, try behavior(part.required("behavior")),
          invert: try part.required("invert").bool()))
    case "Digits":
      let isSingle = try part.bool("individual_digits", default: false)
      split(
        SplitPattern(scalars: .numerics, singly: isSingle), .isolated, part)
    case "Punctuation":
      let behavior = try part.optional("behavior").map(behavior) ?? .isolated
      split(SplitPattern(scalars: .punctuation, singly: true), behavior, part)
    case "Whitespace":
      split(.wordsAndPunctuation, .removed, part, invert: true)
    case "WhitespaceSplit":
      split(SplitPattern(scalars: .whiteSpace, singly: true), .removed, part)
    case "CharDelimiterSplit":
      let delimiter = try part.required("delimiter").string()
      split(SplitPattern(literal: delimiter), .removed, part)
    case let type: throw .unsupportedPart(path: part.path, type: type)
    }
  }

  private mutating func split(
    _ pattern: SplitPattern, _ behavior: SplitBehavior, _ part: ConfigurationPart,
    invert: Bool = false
  ) {
    steps.append(.split(PatternReference(pattern, path: part.path), behavior, invert: invert))
  }

  private func behavior(_ part: ConfigurationPart) throws(TokenizerError) -> SplitBehavior {
    guard let behavior = SplitBehavior(rawValue: try part.string()) else {
      throw part.wrong("a known behavior, such as 'Isolated'")
    }
    return behavior
  }

  /// Splits the one piece that a text is into words.
  func apply(to text: inout PieceText) throws(TokenizerError) {
    for (index, step) in steps.enumerated() {
      switch step {
      case .split(let pattern, let behavior, let invert):
        try text.split(by: pattern, behavior, invert: invert)
      case .prefixSpace:
        text.insertSpaces()
      case .bytesAsCharacters:
        return try text.splitCharacters { characters throws(TokenizerError) in
          for step in steps[(index + 1)...] {
            guard case .split(let pattern, let behavior, let invert) = step else { continue }
            try characters.split(by: pattern, behavior, invert: invert)
          }
        }
      }
    }
  }
}
