/// Expressions, by the precedence of their operators.
extension Parser {
  /// From the loosest binding to the tightest.
  private enum Precedence: Int {
    case or, and, not, compare, sum, concat, product, unary

    var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .unary }
  }

  mutating func parseExpression(conditional: Bool = true) throws(TemplateError) -> Expression {
    try enter()
    defer { leave() }
    var expression = try parseBinary(.or)
    var count = 0
    while conditional && isName("if") {
      count += 1
      try checkCount(count)
      let place = advance().place
      let test = try parseBinary(.or)
      let otherwise = skip(name: "else") ? try parseExpression() : nil
      expression = Expression(
        .conditional(test: test, then: expression, otherwise: otherwise), at: place)
    }
    return expression
  }

  /// Reads an expression, or several with commas between them, which are a tuple.
  mutating func parseTuple(
    conditional: Bool = true, end: String? = nil, inParentheses: Bool = false
  ) throws(TemplateError) -> Expression {
    let place = current.place
    var items: [Expression] = []
    let isTuple = try parseRow(until: end) { parser throws(TemplateError) in
      items.append(try parser.parseExpression(conditional: conditional))
    }
    if !isTuple, let item = items.first { return item }
    guard isTuple || inParentheses else { throw unexpected("an expression") }
    return Expression(.tuple(items), at: place)
  }

  /// Reads what commas separate up to the end of a tag or a bracket, or a name.
  ///
  /// - Returns: whether there are commas, so that it is a tuple.
  mutating func parseRow(
    until end: String?, _ parseItem: (inout Parser) throws(TemplateError) -> Void
  ) throws(TemplateError) -> Bool {
    var isTuple = false
    while true {
      switch current.kind {
      case .variableEnd, .blockEnd, .symbol(.closeParenthesis): return isTuple
      case .name(let name) where name == end: return isTuple
      default: try parseItem(&self)
      }
      guard skip(.comma) else { return isTuple }
      isTuple = true
    }
  }

  private mutating func parseBinary(_ lowest: Precedence) throws(TemplateError) -> Expression {
    let place = current.place
    var left: Expression
    if lowest.rawValue <= Precedence.not.rawValue && isName("not") {
      var isNegated = false
      while skip(name: "not") { isNegated.toggle() }
      left = Expression(.not(try parseBinary(.compare)), at: place)
      if !isNegated { left = Expression(.not(left), at: place) }
    } else {
      left = try parseUnary()
    }
    while let precedence = currentPrecedence, precedence.rawValue >= lowest.rawValue {
      left = Expression(try parseOperation(left, precedence), at: place)
    }
    return left
  }

  private var currentPrecedence: Precedence? {
    switch current.kind {
    case .name("or"): return .or
    case .name("and"): return .and
    case .name("in"): return .compare
    case .name("not"): return following.kind == .name("in") ? .compare : nil
    case .symbol(let symbol):
      switch symbol {
      case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .compare
      case .add, .subtract: return .sum
      case .tilde: return .concat
      case .multiply, .divide, .floorDivide, .modulo, .power: return .product
      default: return nil
      }
    default: return nil
    }
  }

  /// Reads operands as long as operators of the same precedence stand between them.
  private mutating func parseOperation(
    _ first: Expression, _ precedence: Precedence
  ) throws(TemplateError) -> Expression.Kind {
    switch precedence {
    case .compare:
      return .compare(
        first,
        try parseOperands(precedence, operand: .sum) { parser, symbol in
          if symbol == "not" { parser.advance() }
          return Comparison(rawValue: symbol)
        })
    case .sum, .product:
      return .arithmetic(
        first, try parseOperands(precedence, operand: precedence.next) { Operator(rawValue: $1) })
    default: break
    }
    var items = [first]
    while currentPrecedence == precedence {
      advance()
      items.append(try parseBinary(precedence.next))
    }
    switch precedence {
    case .or: return .or(items)
    case .and: return .and(items)
    default: return .concat(items)
    }
  }

  private mutating func parseOperands<Operation>(
    _ precedence: Precedence, operand: Precedence,
    _ operation: (inout Parser, String) -> Operation?
  ) throws(TemplateError) -> [Expression.Operand<Operation>] {
    var operands: [Expression.Operand<Operation>] = []
    while currentPrecedence == precedence {
      let token = advance()
      guard let operation = operation(&self, token.spelling) else {
        throw unsupported("the operator '\(token.spelling)'", token.place)
      }
      operands.append(
        .init(operation: operation, value: try parseBinary(operand), place: token.place))
    }
    return operands
  }

  /// Reads a value with its signs, lookups, calls, filters and tests.
  private mutating func parseUnary() throws(TemplateError) -> Expression {
    let place = current.place
    var signs = 0
    while skip(.subtract) {
      signs += 1
      try checkCount(signs)
    }
    if isSymbol(.add) { throw unsupported("the sign '+'", current.place) }
    var expression = try parsePrimary()
    var links: [Link] = []
    try parseLookups(into: &links)
    if signs > 0 && !links.isEmpty {
      expression = Expression(.chain(expression, links), at: place)
      links = []
    }
    for _ in 0..<signs { expression = Expression(.negative(expression), at: place) }
    try parseFilters(into: &links)
    return links.isEmpty ? expression : Expression(.chain(expression, links), at: place)
  }

  mutating func parsePrimary() throws(TemplateError) -> Expression {
    let token = advance()
    let place = token.place
    switch token.kind {
    case .name("self"): throw unsupported("the variable 'self'", place)
    case .name(let name): return Expression(namedValue(name), at: place)
    case .string(let text):
      var bytes = text.bytes
      while case .string(let next) = current.kind {
        bytes += next.bytes
        advance()
      }
      return Expression(.literal(.string(Text(bytes))), at: place)
    case .integer(let value): return Expression(.literal(.int(value)), at: place)
    case .largeInteger(let value): return Expression(.literal(.large(value)), at: place)
    case .float(let value): return Expression(.literal(.double(value)), at: place)
    case .symbol(.openParenthesis):
      let inner = try parseTuple(inParentheses: true)
      try expect(.closeParenthesis)
      return inner
    case .symbol(.openBracket): return Expression(.list(try parseList()), at: place)
    case .symbol(.openBrace): return Expression(.dict(try parseDict()), at: place)
    default:
      throw .unexpectedToken(
        token.description, expected: "an expression", at: position(place))
    }
  }

  private mutating func namedValue(_ name: String) -> Expression.Kind {
    switch name {
    case "true", "True": return .literal(.bool(true))
    case "false", "False": return .literal(.bool(false))
    case "none", "None": return .literal(.null)
    default:
      if name == "caller" || name == "kwargs" || name == "varargs" { specialNames.insert(name) }
      return .name(id(name))
    }
  }

  private mutating func parseList() throws(TemplateError) -> [Expression] {
    var items: [Expression] = []
    try parseItems(until: .closeBracket) { parser throws(TemplateError) in
      items.append(try parser.parseExpression())
    }
    return items
  }

  private mutating func parseDict() throws(TemplateError) -> [(key: Expression, value: Expression)]
  {
    var pairs: [(key: Expression, value: Expression)] = []
    try parseItems(until: .closeBrace) { parser throws(TemplateError) in
      let key = try parser.parseExpression()
      try parser.expect(.colon)
      pairs.append((key, try parser.parseExpression()))
    }
    return pairs
  }
}
