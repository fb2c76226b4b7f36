/// Macros, `call` blocks and targets of assignments.
extension Parser {
  private typealias Signature = (
    parameters: [(id: NameID, name: String)], defaults: [Expression], place: Int
  )

  mutating func parseMacro() throws(TemplateError) -> Statement.Kind {
    advance()
    let name = try expectName("the name of a macro")
    let signature = try parseSignature()
    return .macro(id(name), try parseDefinition(name, signature, end: "endmacro"))
  }

  mutating func parseCall() throws(TemplateError) -> Statement.Kind {
    let place = advance().place
    var signature: Signature = ([], [], place)
    if isSymbol(.openParenthesis) { signature = try parseSignature() }
    let expression = try parseExpression()
    guard case .chain(let base, var links) = expression.kind,
      case .call(let arguments)? = links.popLast()?.kind
    else { throw .invalidArguments("'call' needs a call", at: position(place)) }
    let callee = links.isEmpty ? base : Expression(.chain(base, links), at: expression.place)
    let definition = try parseDefinition(nil, signature, end: "endcall")
    return .callBlock(definition, callee: callee, arguments)
  }

  /// Reads what the assistant said; jinja2 makes a function of it.
  mutating func parseGeneration() throws(TemplateError) -> Statement.Kind {
    advance()
    return .filterBlock([], try parseDefinition(nil, ([], [], 0), end: "endgeneration").body)
  }

  /// Reads the body of something that becomes a function, out of which `break` cannot lead.
  private mutating func parseDefinition(
    _ name: String?, _ signature: Signature, end: String
  ) throws(TemplateError) -> MacroDefinition {
    let (parameters, defaults, place) = signature
    let outer = (isInLoop, specialNames)
    (isInLoop, specialNames) = (false, [])
    let body = try parseBlock(end: end)
    let used = specialNames
    (isInLoop, specialNames) = (outer.0, used.union(outer.1))

    let names = Set(parameters.map(\.name))
    guard names.count == parameters.count else {
      throw .invalidArguments("a parameter is named twice", at: position(place))
    }
    for name in ["kwargs", "varargs"] where used.contains(name) && !names.contains(name) {
      throw unsupported("the variable '\(name)' of a macro", place)
    }
    if names.contains("caller") { throw unsupported("a parameter named 'caller'", place) }
    let caller = used.contains("caller") ? id("caller") : nil
    var frame = Frame()
    for parameter in parameters { frame.declare(parameter.id) }
    for expression in defaults { frame.scan(expression) }
    if let caller { frame.declare(caller) }
    return MacroDefinition(
      name: name, parameters: parameters, defaults: defaults,
      body: Block(body, frame), caller: caller)
  }

  private mutating func parseSignature() throws(TemplateError) -> Signature {
    var signature: Signature = ([], [], current.place)
    try expect(.openParenthesis)
    try parseItems(until: .closeParenthesis) { parser throws(TemplateError) in
      let place = parser.current.place
      let name = try parser.expectName("the name of a parameter")
      try parser.checkAssignable(name, place)
      signature.parameters.append((parser.id(name), name))
      if parser.skip(.assign) {
        signature.defaults.append(try parser.parseExpression())
      } else if !signature.defaults.isEmpty {
        throw .invalidArguments(
          "the parameter '\(name)' has no default but follows one that has",
          at: parser.position(place))
      }
    }
    return signature
  }

  // MARK: Targets

  /// Reads what is assigned to: a name, an attribute of a namespace, or several of them.
  mutating func parseTarget(
    allowsAttributes: Bool = false, end: String? = nil
  ) throws(TemplateError) -> Target {
    var targets: [Target] = []
    let isTuple = try parseRow(until: end) { parser throws(TemplateError) in
      targets.append(try parser.parseSingleTarget(allowsAttributes))
    }
    if isTuple { return .tuple(targets) }
    guard let target = targets.first else { throw unexpected("a name to assign to") }
    return target
  }

  private mutating func parseSingleTarget(
    _ allowsAttributes: Bool
  ) throws(TemplateError) -> Target {
    let token = advance()
    switch token.kind {
    case .name(let name):
      if allowsAttributes && isSymbol(.dot) {
        advance()
        return .attribute(id(name), try expectName("the name of an attribute"))
      }
      try checkAssignable(name, token.place)
      return .name(id(name))
    case .symbol(.openParenthesis): throw unsupported("a target in parentheses", token.place)
    default:
      throw .invalidTarget(token.description, at: position(token.place))
    }
  }

  private func checkAssignable(_ name: String, _ place: Int) throws(TemplateError) {
    if ["true", "false", "none", "True", "False", "None"].contains(name) {
      throw .invalidTarget("'\(name)'", at: position(place))
    }
    if name == "loop" && loopDepth > 0 {
      throw .invalidTarget("the special variable 'loop'", at: position(place))
    }
  }
}
