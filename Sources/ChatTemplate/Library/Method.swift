/// The methods of Python's types that templates can reach by their names.
///
/// Those that aren't done are here too, for `x.index` is a method even where nobody calls it.
enum Method: String, CaseIterable, Sendable {
  // Strings.
  case capitalize, casefold, center, count, encode, endswith, expandtabs, find, format
  case formatMap = "format_map"
  case index, isalnum, isalpha, isascii, isdecimal, isdigit, isidentifier, islower, isnumeric
  case isprintable, isspace, istitle, isupper, join, ljust, lower, lstrip, maketrans, partition
  case removeprefix, removesuffix, replace, rfind, rindex, rjust, rpartition, rsplit, rstrip
  case split, splitlines, startswith, strip, swapcase, title, translate, upper, zfill
  // Mappings and lists.
  case clear, copy, fromkeys, get, items, keys, pop, popitem, setdefault, update, values
  case append, extend, insert, remove, reverse, sort
  // Numbers.
  case asIntegerRatio = "as_integer_ratio"
  case bitLength = "bit_length"
  case bitCount = "bit_count"
  case conjugate, hex
  case isInteger = "is_integer"
  // Loops.
  case changed, cycle

  private static let ofStrings: Set<Method> = [
    .capitalize, .casefold, .center, .count, .encode, .endswith, .expandtabs, .find, .format,
    .formatMap, .index, .isalnum, .isalpha, .isascii, .isdecimal, .isdigit, .isidentifier,
    .islower, .isnumeric, .isprintable, .isspace, .istitle, .isupper, .join, .ljust, .lower,
    .lstrip, .maketrans, .partition, .removeprefix, .removesuffix, .replace, .rfind, .rindex,
    .rjust, .rpartition, .rsplit, .rstrip, .split, .splitlines, .startswith, .strip, .swapcase,
    .title, .translate, .upper, .zfill,
  ]
  private static let ofDicts: Set<Method> = [
    .clear, .copy, .fromkeys, .get, .items, .keys, .pop, .popitem, .setdefault, .update, .values,
  ]
  private static let ofLists: Set<Method> = [
    .append, .clear, .copy, .count, .extend, .index, .insert, .pop, .remove, .reverse, .sort,
  ]
  private static let ofNumbers: Set<Method> = [
    .asIntegerRatio, .bitCount, .bitLength, .conjugate, .hex, .isInteger,
  ]

  /// Whether values of the kind have the method.
  func exists(on value: Value) -> Bool {
    switch value {
    case .string, .markup: Self.ofStrings.contains(self)
    case .dict: Self.ofDicts.contains(self)
    case .list: Self.ofLists.contains(self)
    case .tuple, .range: self == .count || self == .index
    case .int, .bool, .double: Self.ofNumbers.contains(self)
    case .loop: self == .cycle || self == .changed
    default: false
    }
  }

  /// Whether the sandbox forbids the method, because it changes the value.
  var isUnsafe: Bool {
    switch self {
    case .clear, .pop, .popitem, .setdefault, .update, .append, .extend, .insert, .remove,
      .reverse, .sort:
      true
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
    default: throw .unsupported("the method '\(method.rawValue)' of \(value.typeName)")
    }
  }

  private func call(
    _ method: Method, of dict: DictObject, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method {
    case .get:
      let values = try arguments.unnamed(1...2)
      return dict[try (values[0] ?? .null).requiredKey()] ?? values[1] ?? .null
    case .items, .keys, .values, .copy:
      _ = try arguments.unnamed(0...0)
      switch method {
      case .items: return .view(ViewObject(dict, .items))
      case .keys: return .view(ViewObject(dict, .keys))
      case .values: return .view(ViewObject(dict, .values))
      // Nothing changes a mapping, so that it is as good as its copy.
      default: return .dict(dict)
      }
    default: throw .unsupported("the method '\(method.rawValue)' of dict")
    }
  }
}
