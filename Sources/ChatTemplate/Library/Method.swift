/// The methods of Python's types, and of jinja2's own objects, that templates can reach.
enum Method: String, CaseIterable, Sendable {
  // Strings.
  case capitalize, casefold, center, count, encode, endswith, expandtabs, find, format
  case formatMap = "format_map"
  case index, isalnum, isalpha, isascii, isdecimal, isdigit, isidentifier, islower, isnumeric
  case isprintable, isspace, istitle, isupper, join, ljust, lower, lstrip, maketrans, partition
  case removeprefix, removesuffix, replace, rfind, rindex, rjust, rpartition, rsplit, rstrip
  case split, splitlines, startswith, strip, swapcase, title, translate, upper, zfill
  // Marked strings.
  case escape, unescape, striptags
  // Mappings and lists.
  case clear, copy, fromkeys, get, items, keys, pop, popitem, setdefault, update, values
  case append, extend, insert, remove, reverse, sort
  // Views.
  case isdisjoint, mapping
  // Numbers.
  case asIntegerRatio = "as_integer_ratio"
  case bitLength = "bit_length"
  case bitCount = "bit_count"
  case conjugate, hex, fromhex
  case isInteger = "is_integer"
  case toBytes = "to_bytes"
  case fromBytes = "from_bytes"
  // Loops and cyclers.
  case cycle, changed, next, reset

  private static let ofStrings: Set<Method> = [
    .capitalize, .casefold, .center, .count, .encode, .endswith, .expandtabs, .find, .format,
    .formatMap, .index, .isalnum, .isalpha, .isascii, .isdecimal, .isdigit, .isidentifier,
    .islower, .isnumeric, .isprintable, .isspace, .istitle, .isupper, .join, .ljust, .lower,
    .lstrip, .maketrans, .partition, .removeprefix, .removesuffix, .replace, .rfind, .rindex,
    .rjust, .rpartition, .rsplit, .rstrip, .split, .splitlines, .startswith, .strip, .swapcase,
    .title, .translate, .upper, .zfill,
  ]
  private static let ofMarkup: Set<Method> = ofStrings.union([.escape, .unescape, .striptags])
  private static let ofDicts: Set<Method> = [
    .clear, .copy, .fromkeys, .get, .items, .keys, .pop, .popitem, .setdefault, .update, .values,
  ]
  private static let ofLists: Set<Method> = [
    .append, .clear, .copy, .count, .extend, .index, .insert, .pop, .remove, .reverse, .sort,
  ]
  private static let ofIntegers: Set<Method> = [
    .asIntegerRatio, .bitCount, .bitLength, .conjugate, .fromBytes, .toBytes,
  ]
  private static let ofFloats: Set<Method> = [
    .asIntegerRatio, .conjugate, .fromhex, .hex, .isInteger,
  ]

  /// Whether values of the kind have the method.
  func exists(on value: Value) -> Bool {
    switch value {
    case .string: Self.ofStrings.contains(self)
    case .markup: Self.ofMarkup.contains(self)
    case .dict: Self.ofDicts.contains(self)
    case .list: Self.ofLists.contains(self)
    case .tuple, .range: self == .count || self == .index
    case .view(let view): self == .mapping || (view.part != .values && self == .isdisjoint)
    case .int, .bool: Self.ofIntegers.contains(self)
    case .double: Self.ofFloats.contains(self)
    case .loop: self == .cycle || self == .changed
    case .cycler: self == .next || self == .reset
    case .function(let function): function == .dict && self == .fromkeys
    default: false
    }
  }

  /// Whether the sandbox forbids the method, because it changes the value.
  func isUnsafe(on value: Value) -> Bool {
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
    case .list(let object), .tuple(let object):
      return try call(method, of: object, value, arguments)
    case .range(let range): return try call(method, of: range, arguments)
    case .int(let number): return try call(method, of: number, arguments)
    case .bool(let flag): return try call(method, of: flag ? 1 : 0, arguments)
    case .double(let number):
      if method == .isInteger {
        return .bool(number.isFinite && number.rounded() == number)
      }
      if method == .conjugate { return value }
    case .loop(let loop):
      guard arguments.keywords.isEmpty else { throw .type("takes no keyword arguments") }
      return method == .cycle
        ? try loop.cycle(arguments.positional)
        : .bool(try loop.changed(arguments.positional, self))
    case .cycler(let cycler):
      _ = try arguments.unnamed(0...0)
      if method == .reset {
        cycler.index = 0
        return .null
      }
      defer { cycler.index = (cycler.index + 1) % cycler.items.count }
      return cycler.items[cycler.index]
    default: break
    }
    throw .unsupported("the method '\(method.rawValue)' of \(value.typeName)")
  }

  private func call(
    _ method: Method, of number: Int, _ arguments: Arguments
  ) throws(Fault) -> Value {
    _ = try arguments.unnamed(0...0)
    switch method {
    case .bitLength: return .int(Int.bitWidth - number.magnitude.leadingZeroBitCount)
    case .bitCount: return .int(number.magnitude.nonzeroBitCount)
    case .conjugate: return .int(number)
    default: throw .unsupported("the method '\(method.rawValue)' of int")
    }
  }

  private func call(
    _ method: Method, of dict: DictObject, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method {
    case .items, .keys, .values:
      _ = try arguments.unnamed(0...0)
      let part: ViewObject.Part =
        method == .items ? .items : method == .keys ? .keys : .values
      return .view(ViewObject(dict, part))
    case .get:
      let values = try arguments.unnamed(1...2)
      return dict[try (values[0] ?? .null).key()] ?? values[1] ?? .null
    case .copy:
      _ = try arguments.unnamed(0...0)
      return try checked(DictObject(copy: dict))
    default: throw .unsupported("the method '\(method.rawValue)' of dict")
    }
  }

  private func call(
    _ method: Method, of object: ListObject, _ list: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method {
    case .copy:
      _ = try arguments.unnamed(0...0)
      return try self.list(object.items)
    case .count:
      let wanted = try arguments.unnamed(1...1)[0] ?? .null
      var count = 0
      for item in object.items {
        try step()
        if try isSameOrEqual(item, wanted) { count += 1 }
      }
      return .int(count)
    case .index:
      let values = try arguments.unnamed(1...3)
      let count = object.items.count
      let start = try values[1]?.requiredInteger("the start") ?? 0
      let end = try values[2]?.requiredInteger("the end") ?? count
      let wanted = values[0] ?? .null
      var index = max(0, start < 0 ? start &+ count : start)
      let stop = min(count, end < 0 ? end &+ count : end)
      while index < stop {
        try step()
        if try isSameOrEqual(object.items[index], wanted) {
          return .int(index)
        }
        index += 1
      }
      throw .value("\(wanted.shortRepr) is not in \(list.typeName)")
    default: throw .unsupported("the method '\(method.rawValue)' of \(list.typeName)")
    }
  }

  private func call(
    _ method: Method, of range: RangeObject, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let wanted = try arguments.unnamed(1...1)[0] ?? .null
    let isContained = try contains(.range(range), wanted)
    if method == .count { return .int(isContained ? 1 : 0) }
    guard isContained, let number = wanted.integer ?? wanted.number.flatMap(Int.init(exactly:))
    else { throw .value("\(wanted.shortRepr) is not in range") }
    return .int((number - range.start) / range.step)
  }
}
