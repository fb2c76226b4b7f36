/// A value of the template language: one of Python's.
enum Value {
  /// A value that isn't there, and what to say when it is used.
  indirect case undefined(Fault)
  case null
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits.
  case large(LargeInteger)
  case double(Double)
  case string(Text)
  /// A string that `safe` or `escape` marked: joined to others, it escapes them.
  case markup(Text)
  case list(ListObject)
  case tuple(ListObject)
  case dict(DictObject)
  case view(DictView)
  case range(RangeObject)
  case iterator(LazyIterator)
  case namespace(NamespaceObject)
  case macro(MacroObject)
  case loop(LoopObject)
  case function(BuiltinFunction)
  /// A method of a value that isn't called yet.
  indirect case method(Method, of: Value)

  /// The text of a string, marked or not.
  var text: Text? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// The number of an integer or a boolean, which in Python is one.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The value of any number, as a float.
  var number: Double? {
    if case .double(let value) = self { return value }
    return integer.map(Double.init)
  }

  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  var isMarkup: Bool {
    if case .markup = self { return true }
    return false
  }

  var isLarge: Bool {
    if case .large = self { return true }
    return false
  }

  var isNull: Bool {
    if case .null = self { return true }
    return false
  }

  /// What the value counts as in a condition.
  var isTrue: Bool {
    switch self {
    case .undefined, .null: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    default: knownLength != 0
    }
  }

  /// The number of the value's items where Python's `len` knows it.
  var knownLength: Int? {
    switch self {
    case .undefined: 0
    case .string(let text), .markup(let text): text.count
    case .list(let object), .tuple(let object): object.items.count
    case .dict(let dict): dict.count
    case .view(let view): view.dict.count
    case .range(let range): range.count
    default: nil
    }
  }

  /// How deep the value nests: 0 for one that holds no others.
  var depth: Int {
    switch self {
    case .list(let object), .tuple(let object): object.depth
    case .dict(let object): object.depth
    case .view(let object): object.dict.depth + 1
    case .iterator(let object): object.depth
    case .method(_, let receiver): receiver.depth + 1
    default: 0
    }
  }

  /// The name of the value's type in Python.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .null: "NoneType"
    case .bool: "bool"
    case .int, .large: "int"
    case .double: "float"
    case .string: "str"
    case .markup: "Markup"
    case .list: "list"
    case .tuple: "tuple"
    case .dict: "dict"
    case .view(let view): view.part.rawValue
    case .range: "range"
    case .iterator: "generator"
    case .namespace: "Namespace"
    case .macro: "Macro"
    case .loop: "LoopContext"
    case .function: "function"
    case .method: "builtin_function_or_method"
    }
  }

  /// The value's type in the words of jinja2's messages about undefined values.
  var objectName: String { isNull ? "None" : "\(typeName) object" }

  static func missing(_ message: String) -> Value { .undefined(.undefined(message)) }

  /// An attribute or item that a value doesn't have.
  static func missing(_ name: Value, of value: Value) -> Value {
    guard let text = name.text else {
      return missing("\(value.objectName) has no element \(name.shortRepr)")
    }
    return missing(
      "\(repr(of: value.objectName)) has no attribute \(repr(of: text.string))")
  }

  static func list(_ items: [Value]) -> Value { .list(ListObject(items)) }
  static func tuple(_ items: [Value]) -> Value { .tuple(ListObject(items)) }
  static func string(_ string: String) -> Value { .string(Text(string)) }

  /// A string of the same kind as this one: marked if it is.
  func sameKind(_ text: Text) -> Value {
    if case .markup = self { return .markup(text) }
    return .string(text)
  }
}
