/// An expression of a template.
final class Expression: Sendable {
  let kind: Kind
  /// Where it begins in the source, in scalars.
  let place: Int

  init(_ kind: Kind, at place: Int) {
    self.kind = kind
    self.place = place
  }

  enum Kind: Sendable {
    case literal(Literal)
    case name(NameID)
    case list([Expression])
    case tuple([Expression])
    case dict([Pair])
    case conditional(test: Expression, then: Expression, otherwise: Expression?)
    case or([Expression])
    case and([Expression])
    case not(Expression)
    case negative(Expression)
    case compare(Expression, [Comparand])
    case concat([Expression])
    case arithmetic(Expression, [Operand])
    case chain(Expression, [Link])
  }

  struct Pair: Sendable {
    let key: Expression
    let value: Expression
  }

  struct Comparand: Sendable {
    let operation: Comparison
    let value: Expression
  }

  struct Operand: Sendable {
    let operation: Operator
    let value: Expression
    let place: Int
  }
}

/// A constant in the source.
enum Literal: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(Text)

  var value: Value {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let text): .string(text)
    }
  }
}

enum Comparison: Sendable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained, notContained
}

/// A variable's number among the names of a template.
typealias NameID = Int

/// What is done to a value: a lookup, a call, a filter or a test.
struct Link: Sendable {
  enum Kind: Sendable {
    case attribute(AttributeName)
    case item(Expression)
    case slice(Expression?, Expression?, Expression?)
    case call(CallArguments)
    case filter(Filter, CallArguments)
    case test(Test, CallArguments, isNegated: Bool)
    /// A filter or test that doesn't exist, which jinja2 finds only when it comes to use it.
    case unknownFilter(String)
    case unknownTest(String)
  }

  let kind: Kind
  let place: Int
}

/// The arguments of a call as they are written.
struct CallArguments: Sendable {
  struct Keyword: Sendable {
    let name: String
    let value: Expression
  }

  var positional: [Expression] = []
  var keywords: [Keyword] = []
  /// What `*` and `**` unpack.
  var unpackedList: Expression?
  var unpackedDict: Expression?
}

/// The name of an attribute, with the method that it may stand for.
struct AttributeName: Sendable {
  let text: Text
  let method: Method?

  init(_ text: Text) {
    self.text = text
    method = text.count <= 16 ? Method(rawValue: text.string) : nil
  }

  /// Whether it is one of Python's own, which the sandbox hides.
  var isInternal: Bool { text.hasPrefix("__") && text.hasSuffix("__") && text.count > 4 }
}

/// A statement of a template.
struct Statement: Sendable {
  enum Kind: Sendable {
    case text(Text)
    case output(Expression)
    case assign(Target, Expression)
    case assignBlock(Target, filters: [Link], Block)
    case condition([Branch], otherwise: [Statement])
    case loop(LoopStatement)
    case macro(NameID, MacroDefinition)
    case callBlock(MacroDefinition, callee: Expression, CallArguments)
    case filterBlock([Link], Block)
    /// What the assistant said; jinja2 makes a function of it.
    case generation(MacroDefinition)
    case breakLoop
    case continueLoop
  }

  struct Branch: Sendable {
    let test: Expression
    let body: [Statement]
  }

  let kind: Kind
  let place: Int
}

/// Statements with variables of their own.
struct Block: Sendable {
  let body: [Statement]
  let frame: Frame
}

/// What is assigned to.
indirect enum Target: Sendable {
  case name(NameID)
  case attribute(NameID, String)
  case tuple([Target])

  /// Calls a closure with all names that get a value.
  func forEachName(_ body: (NameID) -> Void) {
    switch self {
    case .name(let name): body(name)
    case .attribute: break
    case .tuple(let targets): for target in targets { target.forEachName(body) }
    }
  }
}

/// A `for` statement.
final class LoopStatement: Sendable {
  let target: Target
  let items: Expression
  /// The condition after `if`, with the frame that it is evaluated in.
  let test: Expression?
  let testFrame: Frame
  let body: Block
  let otherwise: Block

  init(
    target: Target, items: Expression, test: Expression?, testFrame: Frame, body: Block,
    otherwise: Block
  ) {
    self.target = target
    self.items = items
    self.test = test
    self.testFrame = testFrame
    self.body = body
    self.otherwise = otherwise
  }
}

/// A macro, or the body of a `call` block.
final class MacroDefinition: Sendable {
  let name: String?
  let parameters: [(id: NameID, name: String)]
  /// The defaults of the last parameters.
  let defaults: [Expression]
  let body: Block
  /// The variable for the body of a `call` block; nil if the macro doesn't use it.
  let caller: NameID?

  init(
    name: String?, parameters: [(id: NameID, name: String)], defaults: [Expression], body: Block,
    caller: NameID?
  ) {
    self.name = name
    self.parameters = parameters
    self.defaults = defaults
    self.body = body
    self.caller = caller
  }
}
