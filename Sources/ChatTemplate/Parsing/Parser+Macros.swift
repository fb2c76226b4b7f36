/// Macros, `call` blocks and targets of assignments.
extension Parser {
  mutating func parseMacro() throws(TemplateError) -> Statement.Kind {
    advance()
    let name = try expectName("the name of a macro")
    let definition = try parseFunction { parser throws(TemplateError) in
      try parser.parseDefinition(name: name, hasSignature: true, end: "endmacro") { _ in }
    }
    return .macro(id(name), definition)
  }

  mutating func parseCall() throws(TemplateError) -> Statement.Kind {
    let place = advance().place
    let hasSignature = isSymbol(.openParenthesis)
    var call: (callee: Expression, arguments: CallArguments)?
    let definition = try parseFunction { parser throws(TemplateError) in
      try parser.parseDefinition(name: nil, hasSignature: hasSignature, end: "endcall") {
        parser throws(TemplateError) in
        call = try parser.parseCallee()
      }
    }
    guard let call else {
      throw .invalidArguments("'call' needs a call", at: position(place))
    }
    return .callBlock(definition, callee: call.callee, call.arguments)
  }

  mutating func parseGeneration() throws(TemplateError) -> MacroDefinition {
    try parseFunction { parser throws(TemplateError) in
      try parser.parseDefinition(name: nil, hasSignature: false, end: "endgeneration") { _ in }
    }
  }

  /// Reads the call that gets the body of a `call` block.
  private mutating func parseCallee() throws(TemplateError) -> (Expression, CallArguments)? {
    let expression = try parseExpression()
    guard case .chain(let base, var links) = expression.kind,
      case .call(let arguments)? = links.popLast()?.kind
    else { return nil }
    let callee = links.isEmpty ? base : Expression(.chain(base, links), at: expression.place)
    return (callee, arguments)
  }

  /// Reads a signature, what follows it and the body.
  private mutating func parseDefinition(
    name: String?, hasSignature: Bool, end: String,
    _ afterSignature: (inout Parser) throws(TemplateError) -> Void
  ) throws(TemplateError) -> MacroDefinition {
    let place = current.place
    let wasSoft = isSoft
    isSoft = false
    var parameters: [(id: NameID, name: String)] = []
    var defaults: [Expression] = []
    if hasSignature { try parseSignature(&parameters, &defaults) }
    isSoft = wasSoft
    try afterSignature(&self)
    let outerNames = specialNames
    specialNames = []
    let body = try parseScope(until: [end])
    advance()
    let used = specialNames
    specialNames.formUnion(outerNames)

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
    frame.scan(body)
    if let caller { frame.declare(caller) }
    return MacroDefinition(
      name: name, parameters: parameters, defaults: defaults,
      body: Block(body: body, frame: frame), caller: caller)
  }

  private mutating func parseSignature(
    _ parameters: inout [(id: NameID, name: String)], _ defaults: inout [Expression]
  ) throws(TemplateError) {
    try expect(.openParenthesis)
    while !isSymbol(.closeParenthesis) {
      if !parameters.isEmpty { try expect(.comma) }
      let place = current.place
      let name = try expectName("the name of a parameter")
      try checkAssignable(name, place)
      parameters.append((id(name), name))
      if skip(.assign) {
        defaults.append(try parseExpression())
      } else if !defaults.isEmpty {
        throw .invalidArguments(
          "the parameter '\(name)' has no default but follows one that has",
          at: position(place))
      }
    }
    try expect(.closeParenthesis)
  }

  // MARK: Targets

  /// Reads what is assigned to: a name, an attribute of a namespace, or several of them.
  mutating func parseTarget(
    allowsAttributes: Bool = false, end: String? = nil
  ) throws(TemplateError) -> Target {
    var targets: [Target] = []
    var isTuple = false
    while true {
      if !targets.isEmpty { try expect(.comma) }
      if isTupleEnd(end) { break }
      targets.append(try parseSingleTarget(allowsAttributes))
      guard isSymbol(.comma) else { break }
      isTuple = true
    }
    if !isTuple {
      guard let target = targets.first else { throw unexpected("a name to assign to") }
      return target
    }
    return .tuple(targets)
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
    case .symbol(.openParenthesis):
      try enter()
      defer { leave() }
      let inner = try parseParenthesizedTargets()
      return inner
    default:
      throw .invalidTarget(token.description, at: position(token.place))
    }
  }

  private mutating func parseParenthesizedTargets() throws(TemplateError) -> Target {
    var targets: [Target] = []
    var isTuple = false
    while !isSymbol(.closeParenthesis) {
      targets.append(try parseSingleTarget(false))
      guard skip(.comma) else { break }
      isTuple = true
    }
    try expect(.closeParenthesis)
    if let target = targets.first, !isTuple { return target }
    return .tuple(targets)
  }

  private func checkAssignable(_ name: String, _ place: Int) throws(TemplateError) {
    if ["true", "false", "none", "True", "False", "None"].contains(name) {
      throw .invalidTarget("'\(name)'", at: position(place))
    }
    if name == "loop" && loopDepth > 0 {
      throw .invalidTarget("the special variable 'loop'", at: position(place))
    }
  }

  func isTupleEnd(_ end: String?) -> Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(.closeParenthesis): true
    case .name(let name): name == end
    default: false
    }
  }
}
