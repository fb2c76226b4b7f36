/// What follows a value: lookups, calls, filters and tests.
extension Parser {
  /// Reads attributes, items, slices and calls.
  mutating func parseLookups(into links: inout [Link]) throws(TemplateError) {
    while true {
      let place = current.place
      switch current.kind {
      case .symbol(.dot): links.append(Link(kind: try parseAttribute(), place: place))
      case .symbol(.openBracket): links.append(Link(kind: try parseSubscript(), place: place))
      case .symbol(.openParenthesis):
        links.append(Link(kind: .call(try parseArguments()), place: place))
      default: return
      }
    }
  }

  /// Reads filters and tests.
  mutating func parseFilters(into links: inout [Link]) throws(TemplateError) {
    while true {
      let place = current.place
      switch current.kind {
      case .symbol(.pipe):
        advance()
        links.append(try parseFilter())
      case .name("is"):
        advance()
        links.append(try parseTest(place))
      default: return
      }
    }
  }

  private mutating func parseAttribute() throws(TemplateError) -> Link.Kind {
    advance()
    let token = advance()
    switch token.kind {
    case .name(let name): return .attribute(Text(name))
    case .integer(let index):
      return .item(Expression(.literal(.int(index)), at: token.place))
    default:
      throw .unexpectedToken(
        token.description, expected: "a name or a number", at: position(token.place))
    }
  }

  private mutating func parseSubscript() throws(TemplateError) -> Link.Kind {
    let place = advance().place
    let start = isSymbol(.colon) ? nil : try parseExpression()
    var kind = start.map(Link.Kind.item)
    if isSymbol(.colon) { kind = try parseSlice(from: start) }
    if isSymbol(.comma) { throw unsupported("a subscript with a comma", place) }
    try expect(.closeBracket)
    guard let kind else { throw unexpected("an expression") }
    return kind
  }

  private mutating func parseSlice(from start: Expression?) throws(TemplateError) -> Link.Kind {
    advance()
    var stop: Expression?
    var step: Expression?
    if !isSymbol(.colon) && !isSymbol(.closeBracket) && !isSymbol(.comma) {
      stop = try parseExpression()
    }
    if skip(.colon), !isSymbol(.closeBracket) && !isSymbol(.comma) {
      step = try parseExpression()
    }
    return .slice(start, stop, step)
  }

  /// Reads the name of a filter after `|`, and its arguments.
  mutating func parseFilter() throws(TemplateError) -> Link {
    let place = current.place
    let name = try expectName("the name of a filter")
    let arguments = isSymbol(.openParenthesis) ? try parseArguments() : CallArguments()
    do throws(Fault) {
      return Link(kind: .filter(try Filter(name: name), arguments), place: place)
    } catch {
      return try unknown(error, place)
    }
  }

  private mutating func parseTest(_ start: Int) throws(TemplateError) -> Link {
    let isNegated = skip(name: "not")
    let place = current.place
    let name = try expectName("the name of a test")
    var arguments = CallArguments()
    switch current.kind {
    case .symbol(.openParenthesis): arguments = try parseArguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw unexpected("'and' or 'or' between tests")
    case .name, .string, .integer, .largeInteger, .float, .symbol(.openBracket),
      .symbol(.openBrace):
      try enter()
      defer { leave() }
      let base = try parsePrimary()
      var links: [Link] = []
      try parseLookups(into: &links)
      arguments.positional = [
        links.isEmpty ? base : Expression(.chain(base, links), at: base.place)
      ]
    default: break
    }
    do throws(Fault) {
      let kind = Link.Kind.test(try Test(name: name), arguments, isNegated: isNegated)
      return Link(kind: kind, place: start)
    } catch {
      return try unknown(error, place)
    }
  }

  /// What jinja2 doesn't have either matters only once it is used.
  private func unknown(_ fault: Fault, _ place: Int) throws(TemplateError) -> Link {
    if case .unsupported = fault { throw fault.error(at: position(place)) }
    return Link(kind: .unknown(fault), place: place)
  }

  /// Reads arguments in parentheses.
  mutating func parseArguments() throws(TemplateError) -> CallArguments {
    let place = current.place
    try expect(.openParenthesis)
    var arguments = CallArguments()
    try parseItems(until: .closeParenthesis) { parser throws(TemplateError) in
      try parser.parseArgument(into: &arguments, place)
    }
    return arguments
  }

  private mutating func parseArgument(
    into arguments: inout CallArguments, _ place: Int
  ) throws(TemplateError) {
    let takesPositional = arguments.keywords.isEmpty && arguments.unpackedList == nil
    let isDone = arguments.unpackedDict != nil
    if !isDone && arguments.unpackedList == nil && skip(.multiply) {
      arguments.unpackedList = try parseExpression()
    } else if !isDone && skip(.power) {
      arguments.unpackedDict = try parseExpression()
    } else if !isDone, case .name(let name) = current.kind, following.kind == .symbol(.assign) {
      guard arguments.keywords.count < 256 else {
        throw .invalidArguments("the call has too many arguments", at: position(place))
      }
      guard !arguments.keywords.contains(where: { $0.name == name }) else {
        throw .invalidArguments("the argument '\(name)' is given twice", at: position(place))
      }
      advance()
      advance()
      arguments.keywords.append((name, try parseExpression()))
    } else if !isDone && takesPositional {
      arguments.positional.append(try parseExpression())
    } else {
      throw .invalidArguments("the arguments of the call are out of order", at: position(place))
    }
  }
}
