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

  /// Reads filters, tests and calls of what they give.
  mutating func parseFilters(into links: inout [Link]) throws(TemplateError) {
    while true {
      let place = current.place
      switch current.kind {
      case .symbol(.pipe):
        advance()
        links.append(try parseFilter())
      case .name("is"):
        advance()
        links.append(Link(kind: try parseTest(), place: place))
      case .symbol(.openParenthesis):
        links.append(Link(kind: .call(try parseArguments()), place: place))
      default: return
      }
    }
  }

  private mutating func parseAttribute() throws(TemplateError) -> Link.Kind {
    advance()
    let token = advance()
    switch token.kind {
    case .name(let name): return .attribute(AttributeName(Text(name)))
    case .integer(let index):
      return .item(Expression(.literal(.int(index)), at: token.place))
    default:
      throw .unexpectedToken(
        token.description, expected: "a name or a number", at: position(token.place))
    }
  }

  private mutating func parseSubscript() throws(TemplateError) -> Link.Kind {
    let place = advance().place
    var items: [Expression] = []
    var isTuple = false
    while !isSymbol(.closeBracket) {
      if !items.isEmpty {
        try expect(.comma)
        isTuple = true
      }
      let start = isSymbol(.colon) ? nil : try parseExpression()
      if isSymbol(.colon) {
        guard items.isEmpty else { throw unsupported("a slice among several subscripts", place) }
        let slice = try parseSlice(from: start)
        guard isSymbol(.closeBracket) else {
          throw unsupported("a slice among several subscripts", place)
        }
        advance()
        return slice
      }
      if let start { items.append(start) }
    }
    try expect(.closeBracket)
    if let item = items.first, !isTuple { return .item(item) }
    return .item(Expression(.tuple(items), at: place))
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
    let name = try parseDottedName("the name of a filter")
    let arguments = isSymbol(.openParenthesis) ? try parseArguments() : CallArguments()
    if let filter = Filter(name: name) {
      return Link(kind: .filter(filter, arguments), place: place)
    }
    if Filter.unsupported.contains(name) { throw unsupported("the filter '\(name)'", place) }
    if !isSoft { unknown.append(.unknownFilter(name, at: position(place))) }
    return Link(kind: .unknownFilter(name), place: place)
  }

  private mutating func parseTest() throws(TemplateError) -> Link.Kind {
    let isNegated = skip(name: "not")
    let place = current.place
    let name = try parseDottedName("the name of a test")
    var arguments = CallArguments()
    switch current.kind {
    case .symbol(.openParenthesis): arguments = try parseArguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw unexpected("'and' or 'or' between tests")
    case .name, .string, .integer, .float, .symbol(.openBracket), .symbol(.openBrace):
      try enter()
      defer { leave() }
      let start = current.place
      let base = try parsePrimary()
      var links: [Link] = []
      try parseLookups(into: &links)
      arguments.positional = [
        links.isEmpty ? base : Expression(.chain(base, links), at: start)
      ]
    default: break
    }
    if let test = Test(name: name) { return .test(test, arguments, isNegated: isNegated) }
    if Test.unsupported.contains(name) { throw unsupported("the test '\(name)'", place) }
    if !isSoft { unknown.append(.unknownTest(name, at: position(place))) }
    return .unknownTest(name)
  }

  private mutating func parseDottedName(_ what: String) throws(TemplateError) -> String {
    var name = try expectName(what)
    while skip(.dot) { name += "." + (try expectName(what)) }
    return name
  }

  /// Reads arguments in parentheses.
  mutating func parseArguments() throws(TemplateError) -> CallArguments {
    let place = current.place
    try expect(.openParenthesis)
    var arguments = CallArguments()
    var isFirst = true
    while !isSymbol(.closeParenthesis) {
      if !isFirst {
        try expect(.comma)
        if isSymbol(.closeParenthesis) { break }
      }
      isFirst = false
      try parseArgument(into: &arguments, place)
    }
    try expect(.closeParenthesis)
    return arguments
  }

  private mutating func parseArgument(
    into arguments: inout CallArguments, _ place: Int
  ) throws(TemplateError) {
    let error = TemplateError.invalidArguments(
      "the arguments of the call are out of order", at: position(place))
    if skip(.multiply) {
      guard arguments.unpackedList == nil && arguments.unpackedDict == nil else { throw error }
      arguments.unpackedList = try parseExpression()
    } else if skip(.power) {
      guard arguments.unpackedDict == nil else { throw error }
      arguments.unpackedDict = try parseExpression()
    } else if case .name(let name) = current.kind, following.kind == .symbol(.assign) {
      guard arguments.unpackedDict == nil else { throw error }
      guard arguments.keywords.count < 256 else {
        throw .invalidArguments("the call has too many arguments", at: position(place))
      }
      guard !arguments.keywords.contains(where: { $0.name == name }) else {
        throw .invalidArguments("the argument '\(name)' is given twice", at: position(place))
      }
      advance()
      advance()
      arguments.keywords.append(CallArguments.Keyword(name: name, value: try parseExpression()))
    } else {
      guard
        arguments.keywords.isEmpty && arguments.unpackedList == nil
          && arguments.unpackedDict == nil
      else { throw error }
      arguments.positional.append(try parseExpression())
    }
  }
}
