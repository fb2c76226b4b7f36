/// A place in a template's source.
public struct TemplatePosition: Equatable, Sendable {
  /// The line, from 1.
  public var line: Int
  /// The column, from 1, in Unicode scalars.
  public var column: Int

  /// The place at that line and column.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Why a template cannot be read or rendered.
public enum TemplateError: Error, Equatable {
  // The source.

  /// The source is longer than the limit.
  case sourceTooLong(bytes: Int, limit: Int)
  /// Brackets, operators or blocks are nested deeper than the limit.
  case nestedTooDeep(limit: Int, at: TemplatePosition)
  /// A character that means nothing here.
  case unexpectedCharacter(String, at: TemplatePosition)
  /// A closing bracket that doesn't fit; `expected` is nil where none is open.
  case unbalanced(String, expected: String?, at: TemplatePosition)
  /// A comment, a raw block or a string that never ends.
  case unterminated(String, at: TemplatePosition)
  /// An escape in a string literal that is none.
  case invalidEscape(String, at: TemplatePosition)
  /// A token where another was expected.
  case unexpectedToken(String, expected: String, at: TemplatePosition)
  /// A statement that doesn't exist or doesn't fit here.
  case unknownTag(String, expected: [String], at: TemplatePosition)
  /// The source ends inside a block.
  case unclosedTag(String, expected: [String], at: TemplatePosition)
  /// Something that cannot be assigned to.
  case invalidTarget(String, at: TemplatePosition)
  /// A call or signature that breaks the rules for arguments.
  case invalidArguments(String, at: TemplatePosition)
  /// `break` or `continue` outside of a loop.
  case outsideLoop(String, at: TemplatePosition)
  /// A filter that doesn't exist.
  case unknownFilter(String, at: TemplatePosition)
  /// A test that doesn't exist.
  case unknownTest(String, at: TemplatePosition)
  /// Something of jinja2 that this interpreter doesn't do.
  case unsupported(String, at: TemplatePosition)

  // Rendering.

  /// An undefined value is used; the message is jinja2's.
  case undefined(String, at: TemplatePosition)
  /// The sandbox forbids it.
  case unsafeAttribute(String, at: TemplatePosition)
  /// An operation on values of the wrong type.
  case wrongType(String, at: TemplatePosition)
  /// An operation on a value out of its range.
  case wrongValue(String, at: TemplatePosition)
  /// A division by zero.
  case divisionByZero(at: TemplatePosition)
  /// An integer that doesn't fit 64 bits.
  case integerOverflow(String, at: TemplatePosition)
  /// The template called `raise_exception`.
  case raised(String, at: TemplatePosition)
  /// A render that asks for more than a limit allows.
  case limitExceeded(TemplateLimit, limit: Int, at: TemplatePosition)

  // The variables.

  /// A variable that cannot be given to a template.
  case invalidVariable(String, reason: String)
}

/// What went wrong, without the place; operations on values throw it.
enum Fault: Error, Sendable {
  case undefined(String)
  case unsafeAttribute(String)
  case type(String)
  case value(String)
  case divisionByZero
  case overflow(String)
  case raised(String)
  case limit(TemplateLimit, Int)
  case unsupported(String)
  case unknownFilter(String)
  case unknownTest(String)

  /// The error that a caller sees.
  func error(at position: TemplatePosition) -> TemplateError {
    switch self {
    case .undefined(let message): .undefined(message, at: position)
    case .unsafeAttribute(let message): .unsafeAttribute(message, at: position)
    case .type(let message): .wrongType(message, at: position)
    case .value(let message): .wrongValue(message, at: position)
    case .divisionByZero: .divisionByZero(at: position)
    case .overflow(let operation): .integerOverflow(operation, at: position)
    case .raised(let message): .raised(message, at: position)
    case .limit(let limit, let value): .limitExceeded(limit, limit: value, at: position)
    case .unsupported(let name): .unsupported(name, at: position)
    case .unknownFilter(let name): .unknownFilter(name, at: position)
    case .unknownTest(let name): .unknownTest(name, at: position)
    }
  }
}
