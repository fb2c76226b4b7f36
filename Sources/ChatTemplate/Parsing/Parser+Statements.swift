/// Text, printed expressions and the frame of statements.
extension Parser {
  /// Reads statements up to one of the end tags, whose name is then the current token.
  mutating func parseBody(until ends: [String]) throws(TemplateError) -> [Statement] {
    try enter()
    defer { leave() }
    endTags.append(ends)
    defer { endTags.removeLast() }
    var body: [Statement] = []
    while true {
      let token = advance()
      switch token.kind {
      case .data(let text): body.append(Statement(kind: .text(text), place: token.place))
      case .variableBegin:
        let expression = try parseTuple()
        body.append(Statement(kind: .output(expression), place: token.place))
        try expect(.variableEnd, "'}}'")
      case .blockBegin:
        if case .name(let name) = current.kind, ends.contains(name) { return body }
        body.append(try parseStatement())
        try expect(.blockEnd, "'%}'")
      default:
        guard ends.isEmpty else {
          throw .unclosedTag(
            openTags.last ?? "", expected: ends, at: position(token.place))
        }
        return body
      }
    }
  }

  /// Reads the body of a block, from the end of its tag to the name of its end tag.
  mutating func parseBlock(until ends: [String]) throws(TemplateError) -> [Statement] {
    _ = skip(.colon)
    try expect(.blockEnd, "'%}'")
    return try parseBody(until: ends)
  }

  /// The same where only one end tag is possible; it is skipped.
  mutating func parseBlock(end: String) throws(TemplateError) -> [Statement] {
    let body = try parseBlock(until: [end])
    advance()
    return body
  }

  private mutating func parseStatement() throws(TemplateError) -> Statement {
    let place = current.place
    guard case .name(let name) = current.kind else { throw unexpected("the name of a statement") }
    openTags.append(name)
    defer { openTags.removeLast() }
    let kind: Statement.Kind
    switch name {
    case "set": kind = try parseSet()
    case "if": kind = try parseIf()
    case "for": kind = try parseFor()
    case "macro": kind = try parseMacro()
    case "call": kind = try parseCall()
    case "filter": kind = try parseFilterBlock()
    case "generation": kind = try parseGeneration()
    case "break", "continue":
      guard isInLoop else { throw .outsideLoop(name, at: position(place)) }
      advance()
      kind = name == "break" ? .breakLoop : .continueLoop
    case "autoescape", "block", "extends", "from", "import", "include", "print", "with":
      throw unsupported("the statement '\(name)'", place)
    default:
      throw .unknownTag(name, expected: endTags.last ?? [], at: position(place))
    }
    return Statement(kind: kind, place: place)
  }

  // MARK: Assignments

  private mutating func parseSet() throws(TemplateError) -> Statement.Kind {
    advance()
    let target = try parseTarget(allowsAttributes: true)
    if skip(.assign) { return .assign(target, try parseTuple()) }
    var filters: [Link] = []
    while isSymbol(.pipe) {
      advance()
      filters.append(try parseFilter())
    }
    return .assignBlock(target, filters: filters, Block(try parseBlock(end: "endset")))
  }

  private mutating func parseFilterBlock() throws(TemplateError) -> Statement.Kind {
    advance()
    var filters = [try parseFilter()]
    while skip(.pipe) { filters.append(try parseFilter()) }
    return .filterBlock(filters, Block(try parseBlock(end: "endfilter")))
  }

  // MARK: Control

  private mutating func parseIf() throws(TemplateError) -> Statement.Kind {
    var branches: [(test: Expression, body: [Statement])] = []
    advance()
    while true {
      let test = try parseTuple(conditional: false)
      let body = try parseBlock(until: ["elif", "else", "endif"])
      branches.append((test, body))
      let end = advance()
      if end.kind == .name("elif") { continue }
      let otherwise = end.kind == .name("else") ? try parseBlock(end: "endif") : []
      return .condition(branches, otherwise: otherwise)
    }
  }

  private mutating func parseFor() throws(TemplateError) -> Statement.Kind {
    advance()
    loopDepth += 1
    defer { loopDepth -= 1 }
    let target = try parseTarget(end: "in")
    try expect(name: "in")
    let items = try parseTuple(conditional: false, end: "recursive")
    var testFrame = Frame()
    testFrame.declare(target)
    var test: Expression?
    if skip(name: "if") {
      let expression = try parseExpression()
      testFrame.scan(expression)
      test = expression
    }
    if isName("recursive") { throw unsupported("a recursive loop", current.place) }
    let wasInLoop = isInLoop
    isInLoop = true
    let body = try parseBlock(until: ["endfor", "else"])
    isInLoop = wasInLoop
    let hasElse = advance().kind == .name("else")
    let otherwise = Block(hasElse ? try parseBlock(end: "endfor") : [])
    var frame = Frame()
    frame.declare(id("loop"))
    frame.declare(target)
    return .loop(
      LoopStatement(
        target: target, items: items, test: test, testFrame: testFrame,
        body: Block(body, frame), otherwise: otherwise))
  }
}
