/// Reads tokens into statements by the grammar of jinja2.
///
/// Whatever can be written in a row, such as operators of one kind, filters or `elif` branches,
/// is kept in a row, so that only what is nested in the source is nested in memory.
struct Parser {
  let source: TemplateSource
  let limits: TemplateLimits
  private let tokens: [Token]
  private var index = 0
  private var nesting = 0
  private(set) var names: [String] = []
  private var nameIDs: [String: NameID] = [:]

  /// The blocks that are open, and the statements that may end the innermost.
  var openTags: [String] = []
  var endTags: [[String]] = []
  /// Whether `break` and `continue` have a loop here.
  var isInLoop = false
  /// How many loops are open in the source, in macros or not.
  var loopDepth = 0
  /// The special variables of macros that were read since the set was emptied.
  var specialNames: Set<String> = []

  init(_ source: TemplateSource, _ limits: TemplateLimits) throws(TemplateError) {
    self.source = source
    self.limits = limits
    var lexer = Lexer(source)
    tokens = try lexer.tokenize()
  }

  /// The whole template.
  mutating func parse() throws(TemplateError) -> Block {
    Block(try parseBody(until: []))
  }

  // MARK: Tokens

  var current: Token { tokens[index] }
  var following: Token { tokens[min(index + 1, tokens.count - 1)] }

  @discardableResult
  mutating func advance() -> Token {
    defer { if index < tokens.count - 1 { index += 1 } }
    return tokens[index]
  }

  func position(_ place: Int) -> TemplatePosition { source.position(of: place) }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }
  func isSymbol(_ symbol: Symbol) -> Bool { current.kind == .symbol(symbol) }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func skip(_ symbol: Symbol) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: Symbol) throws(TemplateError) {
    if !skip(symbol) { throw unexpected("'\(symbol.rawValue)'") }
  }

  mutating func expect(name: String) throws(TemplateError) {
    if !skip(name: name) { throw unexpected("'\(name)'") }
  }

  mutating func expect(_ kind: Token.Kind, _ description: String) throws(TemplateError) {
    guard current.kind == kind else { throw unexpected(description) }
    advance()
  }

  mutating func expectName(_ what: String) throws(TemplateError) -> String {
    guard case .name(let name) = current.kind else { throw unexpected(what) }
    advance()
    return name
  }

  /// Reads what commas separate up to a closing bracket, which may follow a comma.
  mutating func parseItems(
    until close: Symbol, _ parseItem: (inout Parser) throws(TemplateError) -> Void
  ) throws(TemplateError) {
    var isFirst = true
    while !isSymbol(close) {
      if !isFirst {
        try expect(.comma)
        if isSymbol(close) { break }
      }
      isFirst = false
      try parseItem(&self)
    }
    try expect(close)
  }

  func unexpected(_ expected: String) -> TemplateError {
    .unexpectedToken(current.description, expected: expected, at: position(current.place))
  }

  func unsupported(_ what: String, _ place: Int) -> TemplateError {
    .unsupported(what, at: position(place))
  }

  // MARK: Names and nesting

  /// The number of a name.
  mutating func id(_ name: String) -> NameID {
    if let id = nameIDs[name] { return id }
    nameIDs[name] = names.count
    names.append(name)
    return names.count - 1
  }

  mutating func enter() throws(TemplateError) {
    nesting += 1
    try checkCount(nesting)
  }

  mutating func leave() { nesting -= 1 }

  func checkCount(_ count: Int) throws(TemplateError) {
    if count > limits.nesting {
      throw .nestedTooDeep(limit: limits.nesting, at: position(current.place))
    }
  }
}
