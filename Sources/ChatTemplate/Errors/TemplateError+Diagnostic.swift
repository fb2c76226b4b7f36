import Diagnostics

extension TemplateError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    let place = position.map { " (line \($0.line), column \($0.column))" } ?? ""
    return Diagnostic(
      kind, code: "template.\(code)", "chat template: \(escaped(sentence))\(place)", hint: hint)
  }

  /// Where in the source it happened, if it happened in the source.
  public var position: TemplatePosition? {
    switch self {
    case .sourceTooLong, .invalidVariable: nil
    case .nestedTooDeep(_, let position), .unexpectedCharacter(_, let position),
      .unbalanced(_, _, let position), .unterminated(_, let position),
      .invalidEscape(_, let position), .unexpectedToken(_, _, let position),
      .unknownTag(_, _, let position), .unclosedTag(_, _, let position),
      .invalidTarget(_, let position), .invalidArguments(_, let position),
      .outsideLoop(_, let position), .unknownFilter(_, let position),
      .unknownTest(_, let position), .unsupported(_, let position), .undefined(_, let position),
      .unsafe(_, let position), .wrongType(_, let position), .wrongValue(_, let position),
      .divisionByZero(let position), .integerOverflow(_, let position), .raised(_, let position),
      .limitExceeded(_, _, let position):
      position
    }
  }

  private var kind: Diagnostic.Kind {
    if case .unsupported = self { return .unsupported }
    return .badData
  }

  private var code: String {
    switch self {
    case .sourceTooLong: "source-too-long"
    case .nestedTooDeep: "nested-too-deep"
    case .unexpectedCharacter: "unexpected-character"
    case .unbalanced: "unbalanced"
    case .unterminated: "unterminated"
    case .invalidEscape: "invalid-escape"
    case .unexpectedToken: "unexpected-token"
    case .unknownTag: "unknown-tag"
    case .unclosedTag: "unclosed-tag"
    case .invalidTarget: "invalid-target"
    case .invalidArguments: "invalid-arguments"
    case .outsideLoop: "outside-loop"
    case .unknownFilter: "unknown-filter"
    case .unknownTest: "unknown-test"
    case .unsupported: "unsupported"
    case .undefined: "undefined"
    case .unsafe: "unsafe"
    case .wrongType: "wrong-type"
    case .wrongValue: "wrong-value"
    case .divisionByZero: "division-by-zero"
    case .integerOverflow: "integer-overflow"
    case .raised: "raised"
    case .limitExceeded(let limit, _, _): "limit-\(limit.code)"
    case .invalidVariable: "invalid-variable"
    }
  }

  private var sentence: String {
    switch self {
    case .sourceTooLong(let bytes, let limit):
      "the source has \(bytes) bytes; the limit is \(limit)"
    case .nestedTooDeep(let limit, _):
      "brackets, operators or blocks are nested deeper than \(limit)"
    case .unexpectedCharacter(let character, _): "unexpected character '\(character)'"
    case .unbalanced(let found, nil, _): "'\(found)' closes nothing"
    case .unbalanced(let found, let expected?, _): "expected '\(expected)', found '\(found)'"
    case .unterminated(let what, _): "the \(what) never ends"
    case .invalidEscape(let reason, _): "invalid escape in a string: \(reason)"
    case .unexpectedToken(let found, let expected, _): "expected \(expected), found \(found)"
    case .unknownTag(let name, let expected, _):
      "unknown or misplaced statement '\(name)'" + Self.alternatives(expected)
    case .unclosedTag(let name, let expected, _):
      "the template ends inside '\(name)'" + Self.alternatives(expected)
    case .invalidTarget(let what, _): "cannot assign to \(what)"
    case .invalidArguments(let reason, _): reason
    case .outsideLoop(let name, _): "'\(name)' stands outside of a loop"
    case .unknownFilter(let name, _): "there is no filter named '\(name)'"
    case .unknownTest(let name, _): "there is no test named '\(name)'"
    case .unsupported(let what, _): "\(what) is not supported"
    case .undefined(let message, _), .unsafe(let message, _), .wrongType(let message, _),
      .wrongValue(let message, _), .raised(let message, _):
      message
    case .divisionByZero: "division by zero"
    case .integerOverflow(let what, _): "\(what) doesn't fit a 64-bit integer"
    case .limitExceeded(let limit, let value, _): "\(limit.sentence) (the limit is \(value))"
    case .invalidVariable(let name, let reason): "the variable '\(name)' \(reason)"
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
  fileprivate var code: String {
    switch self {
    case .steps: "steps"
    case .depth: "depth"
    case .outputBytes: "output"
    case .valueBytes: "value"
    case .totalBytes: "memory"
    case .valueDepth: "value-depth"
    case .rangeLength: "range"
    }
  }

  fileprivate var sentence: String {
    switch self {
    case .steps: "rendering takes too many steps"
    case .depth: "blocks, expressions or macros are nested too deep while rendering"
    case .outputBytes: "the rendered text is too long"
    case .valueBytes: "a value is too large"
    case .totalBytes: "rendering takes too much memory"
    case .valueDepth: "lists or mappings are nested too deep"
    case .rangeLength: "a range is too long"
    }
  }
}
