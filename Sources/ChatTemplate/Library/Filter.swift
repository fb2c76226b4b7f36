/// The filters of jinja2 that chat templates use, with transformers' own `tojson`.
enum Filter: String, CaseIterable, Sendable {
  case capitalize, `default`, dictsort, escape, first, format, indent, int, items
  case join, last, length, list, lower, map, reject, rejectattr, replace, reverse, safe, select
  case selectattr, sort, string, title, tojson, trim, unique, upper

  private static let aliases: [String: Filter] = ["count": .length, "d": .default, "e": .escape]

  /// Filters of jinja2 that aren't done.
  private static let unsupported: Set<String> = [
    "abs", "attr", "batch", "center", "filesizeformat", "float", "forceescape", "groupby", "max",
    "min", "pprint",
    "random", "round", "slice", "striptags", "sum", "truncate", "urlencode", "urlize",
    "wordcount", "wordwrap", "xmlattr",
  ]

  /// The filter of a name.
  ///
  /// - Throws: `Fault.unsupported` or `Fault.unknownFilter`.
  init(name: String) throws(Fault) {
    guard let filter = Filter(rawValue: name) ?? Self.aliases[name] else {
      if Self.unsupported.contains(name) { throw .unsupported("the filter '\(name)'") }
      throw .unknownFilter(name)
    }
    self = filter
  }
}

extension Renderer {
  /// What a filter makes of a value.
  func apply(
    _ filter: Filter, to value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .capitalize, .escape, .format, .indent, .lower, .replace, .safe, .string, .title,
      .tojson, .trim, .upper:
      return try applyText(filter, value, arguments)
    case .int: return try integer(value, arguments)
    case .map, .select, .reject, .selectattr, .rejectattr:
      return try applyLazy(filter, value, arguments)
    default: return try applySequence(filter, value, arguments)
    }
  }

  /// A filter by its name, as `map` calls it.
  func apply(
    named name: Value, to value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    if case .undefined(let fault) = name { throw fault }
    guard let text = name.text else { throw .unknownFilter(name.shortRepr) }
    return try apply(try Filter(name: text.string), to: value, arguments)
  }

  // MARK: Numbers

  private func integer(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["default", "base"])
    if case .undefined(let fault) = value { throw fault }
    if values[1] != nil { throw .unsupported("the argument 'base' of 'int'") }
    if let integer = value.integer { return .int(integer) }
    if value.isLarge { return value }
    if let text = value.text?.stripped().string {
      if let integer = Int(text) { return .int(integer) }
      if let integer = LargeInteger(text) { return .large(integer) }
    }
    guard let number = value.number ?? Self.parsedNumber(value), !number.isNaN else {
      return values[0] ?? .int(0)
    }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw .overflow("the integer of \(FloatText.repr(number))")
    }
    return .int(integer)
  }

  /// The float that a text spells.
  private static func parsedNumber(_ value: Value) -> Double? {
    guard let text = value.text?.stripped().string.lowercased() else { return nil }
    let isNumeral = text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || "+-.e".utf8.contains($0)
    }
    let named = ["inf", "+inf", "-inf", "infinity", "-infinity", "nan"]
    return isNumeral || named.contains(text) ? Double(text) : nil
  }
}
