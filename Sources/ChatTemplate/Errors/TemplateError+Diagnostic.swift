import Diagnostics

extension TemplateError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    let (code, sentence, position) = parts
    let place = position.map { " (line \($0.line), column \($0.column))" } ?? ""
    return Diagnostic(
      kind, code: "template.\(code)", "chat template: \(escaped(sentence))\(place)", hint: hint)
  }

  /// Where in the source it happened, if it happened in the source.
  public var position: TemplatePosition? { parts.position }

  private var kind: Diagnostic.Kind {
    if case .unsupported = self { return .unsupported }
    return .badData
  }

  private var parts: (code: String, sentence: String, position: TemplatePosition?) {
    switch self {
    case .sourceTooLong(let bytes, let limit):
      ("source-too-long", "the source has \(bytes) bytes; the limit is \(limit)", nil)
    case .nestedTooDeep(let limit, let place):
      ("nested-too-deep", "brackets, operators or blocks are nested deeper than \(limit)", place)
    case .unexpectedCharacter(let character, let place):
      ("unexpected-character", "unexpected character '\(character)'", place)
    case .unbalanced(let found, nil, let place):
      ("unbalanced", "'\(found)' closes nothing", place)
    case .unbalanced(let found, let expected?, let place):
      ("unbalanced", "expected '\(expected)', found '\(found)'", place)
    case .unterminated(let what, let place): ("unterminated", "the \(what) never ends", place)
    case .invalidEscape(let reason, let place):
      ("invalid-escape", "invalid escape in a string: \(reason)", place)
    case .unexpectedToken(let found, let expected, let place):
      ("unexpected-token", "expected \(expected), found \(found)", place)
    case .unknownTag(let name, let expected, let place):
      (
        "unknown-tag",
        "unknown or misplaced statement '\(name)'" + Self.alternatives(expected), place
      )
    case .unclosedTag(let name, let expected, let place):
      ("unclosed-tag", "the template ends inside '\(name)'" + Self.alternatives(expected), place)
    case .invalidTarget(let what, let place): ("invalid-target", "cannot assign to \(what)", place)
    case .invalidArguments(let reason, let place): ("invalid-arguments", reason, place)
    case .outsideLoop(let name, let place):
      ("outside-loop", "'\(name)' stands outside of a loop", place)
    case .unknownFilter(let name, let place):
      ("unknown-filter", "there is no filter named '\(name)'", place)
    case .unknownTest(let name, let place):
      ("unknown-test", "there is no test named '\(name)'", place)
    case .unsupported(let what, let place): ("unsupported", "\(what) is not supported", place)
    case .undefined(let message, let place): ("undefined", message, place)
    case .unsafeAttribute(let message, let place): ("unsafe", message, place)
    case .wrongType(let message, let place): ("wrong-type", message, place)
    case .wrongValue(let message, let place): ("wrong-value", message, place)
    case .divisionByZero(let place): ("division-by-zero", "division by zero", place)
    case .integerOverflow(let what, let place):
      ("integer-overflow", "\(what) doesn't fit a 64-bit integer", place)
    case .raised(let message, let place): ("raised", message, place)
    case .limitExceeded(let limit, let value, let place):
      ("limit-\(limit.parts.code)", "\(limit.parts.sentence) (the limit is \(value))", place)
    case .invalidVariable(let name, let reason):
      ("invalid-variable", "the variable '\(name)' \(reason)", nil)
    }
  }

  private var hint: String? {
    switch self {
    case .raised: "the template refuses this conversation; change it as the message says"
    case .undefined: "give the variable, or check the keys of the messages"
    case .unsupported(let what, _): Self.supported(insteadOf: what)
    case .limitExceeded: "shorten the conversation, or check that the template is sound"
    default: nil
    }
  }

  /// What a template can use instead of a filter or a test that isn't done.
  private static func supported(insteadOf what: String) -> String {
    func list(_ kind: String, _ names: [String]) -> String {
      "use a template without it; the \(kind) are \(names.sorted().joined(separator: ", "))"
    }
    if what.hasPrefix("the filter ") { return list("filters", Filter.allCases.map(\.rawValue)) }
    if what.hasPrefix("the test ") { return list("tests", Test.allCases.map(\.rawValue)) }
    return "use a template without it"
  }

  private static func alternatives(_ names: [String]) -> String {
    names.isEmpty ? "" : "; expected " + names.map { "'\($0)'" }.joined(separator: " or ")
  }
}

extension TemplateLimit {
  fileprivate var parts: (code: String, sentence: String) {
    switch self {
    case .steps: ("steps", "rendering takes too many steps")
    case .depth: ("depth", "blocks, expressions or macros are nested too deep while rendering")
    case .outputBytes: ("output", "the rendered text is too long")
    case .valueBytes: ("value", "a value is too large")
    case .totalBytes: ("memory", "rendering takes too much memory")
    case .valueDepth: ("value-depth", "lists or mappings are nested too deep")
    case .rangeLength: ("range", "a range is too long")
    }
  }
}
