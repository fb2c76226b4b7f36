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
    case dict([(key: Expression, value: Expression)])
    case conditional(test: Expression, then: Expression, otherwise: Expression?)
    case or([Expression])
    case and([Expression])
    case not(Expression)
    case negative(Expression)
    case compare(Expression, [Operand<Comparison>])
    case concat([Expression])
    case arithmetic(Expression, [Operand<Operator>])
    case chain(Expression, [Link])
  }

  /// An operator, where it stands, and what follows it.
  struct Operand<Operation: Sendable>: Sendable {
    let operation: Operation
    let value: Expression
    let place: Int
  }
}

/// A constant in the source.
enum Literal: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case large(LargeInteger)
  case double(Double)
  case string(Text)

  var value: Value {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .large(let value): .large(value)
    case .double(let value): .double(value)
    case .string(let text): .string(text)
    }
  }
}

enum Comparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not"
}

/// A variable's number among the names of a template.
typealias NameID = Int

/// What is done to a value: a lookup, a call, a filter or a test.
struct Link: Sendable {
  enum Kind: Sendable {
    case attribute(Text)
    case item(Expression)
    case slice(Expression?, Expression?, Expression?)
    case call(CallArguments)
    case filter(Filter, CallArguments)
    case test(Test, CallArguments, isNegated: Bool)
    /// A filter or test that doesn't exist, which matters only once it is used.
    case unknown(Fault)
  }

  let kind: Kind
  let place: Int
}

/// The arguments of a call as they are written.
struct CallArguments: Sendable {
  var positional: [Expression] = []
  var keywords: [(name: String, value: Expression)] = []
  /// What `*` and `**` unpack.
  var unpackedList: Expression?
  var unpackedDict: Expression?
}

/// A statement of a template.
struct Statement: Sendable {
  enum Kind: Sendable {
    case text(Text)
    case output(Expression)
    case assign(Target, Expression)
    case assignBlock(Target, filters: [Link], Block)
    case condition([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(LoopStatement)
    case macro(NameID, MacroDefinition)
    case callBlock(MacroDefinition, callee: Expression, CallArguments)
    case filterBlock([Link], Block)
    case breakLoop
    case continueLoop
  }

  let kind: Kind
  let place: Int
}

/// Statements with variables of their own.
struct Block: Sendable {
  let body: [Statement]
  let frame: Frame

  /// Statements, with a frame that already knows what is declared in front of them.
  init(_ body: [Statement], _ frame: Frame = Frame()) {
    self.body = body
    var frame = frame
    frame.scan(body)
    self.frame = frame
  }
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
struct LoopStatement: Sendable {
  let target: Target
  let items: Expression
  /// The condition after `if`, with the frame that it is evaluated in.
  let test: Expression?
  let testFrame: Frame
  let body: Block
  let otherwise: Block
}

/// A macro, or the body of a `call` block.
struct MacroDefinition: Sendable {
  let name: String?
  let parameters: [(id: NameID, name: String)]
  /// The defaults of the last parameters.
  let defaults: [Expression]
  let body: Block
  /// The variable for the body of a `call` block; nil if the macro doesn't use it.
  let caller: NameID?
}
