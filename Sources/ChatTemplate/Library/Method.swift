/// A method of one of Python's types.
///
/// Those that aren't done exist too, for `x.index` is a method even where nobody calls it.
struct Method: Sendable {
  let name: String

  private static let ofStrings = names(
    """
    capitalize casefold center count encode endswith expandtabs find format format_map index \
    isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace \
    istitle isupper join ljust lower lstrip maketrans partition removeprefix removesuffix replace \
    rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title \
    translate upper zfill
    """)
  private static let ofDicts = names(
    "clear copy fromkeys get items keys pop popitem setdefault update values")
  private static let ofLists = names(
    "append clear copy count extend index insert pop remove reverse sort")
  private static let ofNumbers = names(
    "as_integer_ratio bit_count bit_length conjugate hex is_integer")
  private static let ofTuples = names("count index")
  private static let ofLoops = names("changed cycle")
  private static let all = [ofStrings, ofDicts, ofLists, ofNumbers, ofLoops]
    .reduce(into: Set()) { $0.formUnion($1) }
  private static let changing = names(
    "append clear extend insert pop popitem remove reverse setdefault sort update")

  private static func names(_ list: String) -> Set<String> {
    Set(list.split(separator: " ").map(String.init))
  }

  /// A method that some type has; nil for other names.
  init?(name: String) {
    guard Self.all.contains(name) else { return nil }
    self.name = name
  }

  /// Whether the sandbox forbids the method, because it changes the value.
  var isUnsafe: Bool { Self.changing.contains(name) }

  /// Whether values of the kind have the method.
  func exists(on value: Value) -> Bool {
    switch value {
    case .string, .markup: Self.ofStrings.contains(name)
    case .dict: Self.ofDicts.contains(name)
    case .list: Self.ofLists.contains(name)
    case .tuple, .range: Self.ofTuples.contains(name)
    case .int, .large, .bool, .double: Self.ofNumbers.contains(name)
    case .loop: Self.ofLoops.contains(name)
    default: false
    }
  }
}

extension Renderer {
  /// Calls a method that the value has.
  func call(_ method: Method, of value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    switch value {
    case .string(let text), .markup(let text):
      try charge(work: text)
      return try callString(method, value, text, arguments)
    case .dict(let dict): return try call(method, of: dict, arguments)
    default: throw .unsupported("the method '\(method.name)' of \(value.typeName)")
    }
  }

  private func call(
    _ method: Method, of dict: DictObject, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method.name {
    case "get":
      let values = try arguments.unnamed(1...2)
      return dict[try key(values[0] ?? .null)] ?? values[1] ?? .null
    case "items": return try view(dict, .items, arguments)
    case "keys": return try view(dict, .keys, arguments)
    case "values": return try view(dict, .values, arguments)
    case "copy":
      // Nothing changes a mapping, so that it is as good as its copy.
      _ = try arguments.unnamed(0...0)
      return .dict(dict)
    default: throw .unsupported("the method '\(method.name)' of dict")
    }
  }

  private func view(
    _ dict: DictObject, _ part: DictView.Part, _ arguments: Arguments
  ) throws(Fault) -> Value {
    _ = try arguments.unnamed(0...0)
    return .view(DictView(dict: dict, part: part))
  }
}
