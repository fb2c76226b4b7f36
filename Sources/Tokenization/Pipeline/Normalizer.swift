import Diagnostics
import UnicodeText

/// What is done to a text before it is split: steps in order.
struct Normalizer: Sendable {
  private enum Step: Sendable {
    case form(NormalizationForm)
    case lowercase
    case strip(left: Bool, right: Bool)
    case prepend(String, path: String)
    case replace(PatternReference, with: String)
  }

  private var steps: [Step] = []

  /// Whether it leaves every text as it is.
  var isEmpty: Bool { steps.isEmpty }

  /// Reads the `normalizer` of a file; nil stands for none.
  init(_ part: ConfigurationPart?) throws(TokenizerError) {
    if let part { try append(part) }
  }

  private mutating func append(_ part: ConfigurationPart) throws(TokenizerError) {
    switch try part.type() {
    case "Sequence":
      for element in try part.required("normalizers").elements() { try append(element) }
    case "NFC": steps.append(.form(.nfc))
    case "NFD": steps.append(.form(.nfd))
    case "NFKC": steps.append(.form(.nfkc))
    case "NFKD": steps.append(.form(.nfkd))
    case "Lowercase": steps.append(.lowercase)
    case "Strip":
      steps.append(
        .strip(
          left: try part.required("strip_left").bool(),
          right: try part.required("strip_right").bool()))
    case "Prepend":
      steps.append(.prepend(try part.required("prepend").string(), path: part.path))
    case "Replace":
      let pattern = try PatternReference(part.required("pattern"))
      // What the library inserts where nothing was, it loses count of: it ends with a panic on many
      // texts, and with other tokens on some.
      guard !pattern.pattern.mayMatchNothing else {
        throw .unsupportedSetting(
          path: pattern.path, found: "a pattern that matches between characters",
          reason: "a normalizer can only replace what is there")
      }
      steps.append(.replace(pattern, with: try part.required("content").string()))
    case let type: throw .unsupportedPart(path: part.path, type: type)
    }
  }

  /// How long a text of that length may become: normalization forms need a factor of eleven.
  static func growthLimit(_ count: Int) -> Int {
    Limits.normalizerFactor * count + Limits.normalizerRoom
  }

  /// The text after all steps.
  ///
  /// - Parameters:
  ///   - text: a text or a part of one.
  ///   - limit: the number of bytes that it may grow to.
  /// - Returns: the text, with where it comes from.
  /// - Throws: `growsTooMuch`, or what matching the patterns throws.
  func apply(to text: AlignedText, limit: Int) throws(TokenizerError) -> AlignedText {
    var text = text
    for step in steps {
      switch step {
      case .form(let form): text = text.normalized(form)
      case .lowercase: text = text.lowercased()
      case .strip(let left, let right): text = text.stripped(left: left, right: right)
      case .prepend(let prefix, let path):
        if text.bytes.isEmpty { continue }
        let bytes = text.bytes.count + prefix.utf8.count
        guard bytes <= limit else { throw .growsTooMuch(path: path, bytes: bytes, limit: limit) }
        text = text.prepending(prefix)
      case .replace(let pattern, let content):
        try pattern.checkGrowth(of: text.bytes, replacingWith: content, limit: limit)
        text = try pattern.errors { reference throws(PatternError) in
          try text.replacing(reference, with: content)
        }
      }
    }
    return text
  }
}
