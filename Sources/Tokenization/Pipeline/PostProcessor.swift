/// The tokens that are put around a text.
struct PostProcessor: Sendable {
  /// The ids in front of the text.
  private(set) var prefix: [Int] = []
  /// The ids behind the text.
  private(set) var suffix: [Int] = []
  private var hasTemplate = false

  /// More tokens are no template, but an attempt to fill the memory.
  private static let tokenLimit = 1024

  /// Reads the `post_processor` of a file; nil stands for none.
  ///
  /// - Parameters:
  ///   - part: the processor.
  ///   - isToken: whether there is a token of an id.
  /// - Throws: what is not supported, or a name or an id that stands for no token.
  init(_ part: ConfigurationPart?, isToken: (Int) -> Bool) throws(TokenizerError) {
    if let part { try append(part, isToken) }
  }

  private mutating func append(
    _ part: ConfigurationPart, _ isToken: (Int) -> Bool
  ) throws(TokenizerError) {
    switch try part.type() {
    case "Sequence":
      for element in try part.required("processors").elements() { try append(element, isToken) }
    case "ByteLevel":
      break  // It trims offsets, and these say where the bytes of a token are.
    case "TemplateProcessing":
      try beginTemplate(part)
      try readTemplate(part, isToken)
    case "RobertaProcessing", "BertProcessing":
      try beginTemplate(part)
      prefix = [try readPair(part.required("cls"), isToken)]
      suffix = [try readPair(part.required("sep"), isToken)]
    case let type: throw .unsupportedPart(path: part.path, type: type)
    }
  }

  private mutating func beginTemplate(_ part: ConfigurationPart) throws(TokenizerError) {
    guard !hasTemplate else {
      throw .unsupportedSetting(
        path: part.path, found: "a second template", reason: "only one is supported")
    }
    hasTemplate = true
  }

  private mutating func readTemplate(
    _ part: ConfigurationPart, _ isToken: (Int) -> Bool
  ) throws(TokenizerError) {
    let definitions = try part.required("special_tokens")
    var hasText = false
    for piece in try part.required("single").elements() {
      if let special = try piece.optional("SpecialToken") {
        let ids = try readToken(special.required("id"), definitions, isToken)
        if hasText { suffix += ids } else { prefix += ids }
        guard prefix.count + suffix.count <= Self.tokenLimit else {
          throw .unsupportedSetting(
            path: part.path, found: "longer than \(Self.tokenLimit) tokens",
            reason: "no longer template is supported")
        }
      } else {
        let name = try piece.required("Sequence").required("id")
        guard try name.string() == "A", !hasText else {
          throw .unsupportedSetting(
            path: name.path, found: "'\(try name.string())'",
            reason: "a template must hold the text once, as 'A'")
        }
        hasText = true
      }
    }
    guard hasText else {
      throw .unsupportedSetting(
        path: part.path, found: "without 'A'",
        reason: "a template must hold the text once, as 'A'")
    }
  }

  private func readToken(
    _ name: ConfigurationPart, _ definitions: ConfigurationPart, _ isToken: (Int) -> Bool
  ) throws(TokenizerError) -> [Int] {
    guard let definition = try definitions.optional(name.string()) else {
      throw .unknownTokenInTemplate(path: name.path, found: "'\(try name.string())'")
    }
    var ids: [Int] = []
    for part in try definition.required("ids").elements() {
      ids.append(try readID(part, isToken))
    }
    return ids
  }

  /// The id of a token that is given as its content and its id.
  private func readPair(
    _ part: ConfigurationPart, _ isToken: (Int) -> Bool
  ) throws(TokenizerError) -> Int {
    let elements = try part.elements()
    guard elements.count == 2 else { throw part.wrong("a token and its id") }
    return try readID(elements[1], isToken)
  }

  private func readID(
    _ part: ConfigurationPart, _ isToken: (Int) -> Bool
  ) throws(TokenizerError) -> Int {
    let id = try part.number(upTo: TokenTable.idLimit)
    guard isToken(id) else {
      throw .unknownTokenInTemplate(path: part.path, found: "the id \(id)")
    }
    return id
  }
}
