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
    let unknownBefore = unknown.count
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
      unknown.removeSubrange(unknownBefore...)
    }
    return expression
  }

  /// Reads an expression, or several with commas between them, which are a tuple.
  mutating func parseTuple(
    conditional: Bool = true, end: String? = nil, inParentheses: Bool = false
  ) throws(TemplateError) -> Expression {
    let place = current.place
    var items: [Expression] = []
    var isTuple = false
    while true {
      if !items.isEmpty { try expect(.comma) }
      if isTupleEnd(end) { break }
      items.append(try parseExpression(conditional: conditional))
      guard isSymbol(.comma) else { break }
      isTuple = true
    }
    if !isTuple {
      if let item = items.first { return item }
      guard inParentheses else { throw unexpected("an expression") }
    }
    return Expression(.tuple(items), at: place)
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
      left = Expression(try parseRow(left, precedence), at: place)
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
  private mutating func parseRow(
    _ first: Expression, _ precedence: Precedence
  ) throws(TemplateError) -> Expression.Kind {
    var items = [first]
    var comparands: [Expression.Comparand] = []
    var operands: [Expression.Operand] = []
    while currentPrecedence == precedence {
      let token = advance()
      switch precedence {
      case .compare:
        let operation = comparison(token)
        let value = try parseBinary(.sum)
        comparands.append(Expression.Comparand(operation: operation, value: value))
      case .sum, .product:
        let value = try parseBinary(precedence.next)
        operands.append(
          Expression.Operand(
            operation: try arithmetic(token), value: value, place: token.place))
      default: items.append(try parseBinary(precedence.next))
      }
    }
    switch precedence {
    case .or: return .or(items)
    case .and: return .and(items)
    case .compare: return .compare(first, comparands)
    case .concat: return .concat(items)
    default: return .arithmetic(first, operands)
    }
  }

  private mutating func comparison(_ token: Token) -> Comparison {
    switch token.kind {
    case .symbol(.equal): return .equal
    case .symbol(.notEqual): return .notEqual
    case .symbol(.less): return .less
    case .symbol(.lessOrEqual): return .lessOrEqual
    case .symbol(.greater): return .greater
    case .symbol(.greaterOrEqual): return .greaterOrEqual
    case .name("in"): return .contained
    default:
      advance()
      return .notContained
    }
  }

  private func arithmetic(_ token: Token) throws(TemplateError) -> Operator {
    switch token.kind {
    case .symbol(.subtract): return .subtract
    case .symbol(.multiply): return .multiply
    case .symbol(.divide): return .divide
    case .symbol(.floorDivide): return .floorDivide
    case .symbol(.modulo): return .modulo
    case .symbol(.power): throw unsupported("the operator '**'", token.place)
    default: return .add
    }
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
    while !isSymbol(.closeBracket) {
      if !items.isEmpty { try expect(.comma) }
      if isSymbol(.closeBracket) { break }
      items.append(try parseExpression())
    }
    try expect(.closeBracket)
    return items
  }

  private mutating func parseDict() throws(TemplateError) -> [Expression.Pair] {
    var pairs: [Expression.Pair] = []
    while !isSymbol(.closeBrace) {
      if !pairs.isEmpty { try expect(.comma) }
      if isSymbol(.closeBrace) { break }
      let key = try parseExpression()
      try expect(.colon)
      pairs.append(Expression.Pair(key: key, value: try parseExpression()))
    }
    try expect(.closeBrace)
    return pairs
  }
}
