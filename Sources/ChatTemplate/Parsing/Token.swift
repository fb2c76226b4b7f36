/// A piece of a template's source and where it begins, in scalars.
struct Token {
  enum Kind: Equatable {
    case data(Text)
    case variableBegin
    case variableEnd
    case blockBegin
    case blockEnd
    case name(String)
    case string(Text)
    case integer(Int)
    case largeInteger(LargeInteger)
    case float(Double)
    case symbol(Symbol)
    case end
  }

  let kind: Kind
  let place: Int

  /// How a name or a symbol is spelled.
  var spelling: String {
    switch kind {
    case .name(let name): name
    case .symbol(let symbol): symbol.rawValue
    default: ""
    }
  }

  /// The token in a message.
  var description: String {
    switch kind {
    case .data: "template text"
    case .variableBegin: "'{{'"
    case .variableEnd: "'}}'"
    case .blockBegin: "'{%'"
    case .blockEnd: "'%}'"
    case .name, .symbol: "'\(spelling)'"
    case .string: "a string"
    case .integer, .largeInteger, .float: "a number"
    case .end: "the end of the template"
    }
  }
}

/// An operator or a bracket.
enum Symbol: String, CaseIterable {
  case floorDivide = "//"
  case power = "**"
  case equal = "=="
  case notEqual = "!="
  case greaterOrEqual = ">="
  case lessOrEqual = "<="
  case add = "+"
  case subtract = "-"
  case divide = "/"
  case multiply = "*"
  case modulo = "%"
  case tilde = "~"
  case openBracket = "["
  case closeBracket = "]"
  case openParenthesis = "("
  case closeParenthesis = ")"
  case openBrace = "{"
  case closeBrace = "}"
  case greater = ">"
  case less = "<"
  case assign = "="
  case dot = "."
  case colon = ":"
  case pipe = "|"
  case comma = ","
  case semicolon = ";"

  /// The bracket that closes this one.
  var closing: Symbol? {
    switch self {
    case .openBracket: .closeBracket
    case .openParenthesis: .closeParenthesis
    case .openBrace: .closeBrace
    default: nil
    }
  }

  var closes: Bool { self == .closeBracket || self == .closeParenthesis || self == .closeBrace }
}

/// A template's text with lines that end in "\n", as jinja2 reads it.
struct TemplateSource: Sendable {
  let scalars: [Unicode.Scalar]

  init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(source.utf8.count)
    var isAfterReturn = false
    for scalar in source.unicodeScalars {
      if scalar == "\n" && isAfterReturn {
        isAfterReturn = false
        continue
      }
      isAfterReturn = scalar == "\r"
      scalars.append(isAfterReturn ? "\n" : scalar)
    }
    if scalars.last == "\n" { scalars.removeLast() }
    self.scalars = scalars
  }

  func position(of place: Int) -> TemplatePosition {
    var position = TemplatePosition(line: 1, column: 1)
    for scalar in scalars.prefix(place) {
      if scalar == "\n" {
        position.line += 1
        position.column = 1
      } else {
        position.column += 1
      }
    }
    return position
  }
}
