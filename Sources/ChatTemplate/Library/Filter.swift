/// The filters of jinja2, with transformers' own `tojson`.
enum Filter: String, CaseIterable, Sendable {
  case abs, attr, batch, capitalize, center, `default`, dictsort, escape, filesizeformat, first
  case float, forceescape, format, groupby, indent, int, items, join, last, length, list, lower
  case map, max, min, reject, rejectattr, replace, reverse, round, safe, select, selectattr
  case slice, sort, string, sum, title, tojson, trim, truncate, unique, upper, urlencode
  case wordcount

  private static let aliases: [String: Filter] = ["count": .length, "d": .default, "e": .escape]

  /// Filters of jinja2 that aren't done.
  static let unsupported: Set<String> = [
    "pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr",
  ]

  init?(name: String) {
    guard let filter = Filter(rawValue: name) ?? Self.aliases[name] else { return nil }
    self = filter
  }
}

extension Renderer {
  /// What a filter makes of a value.
  func apply(
    _ filter: Filter, to value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .capitalize, .center, .escape, .filesizeformat, .forceescape, .format, .indent, .lower,
      .replace, .safe, .string, .title, .tojson, .trim, .truncate, .upper, .urlencode, .wordcount:
      return try applyText(filter, value, arguments)
    case .abs, .float, .int, .round: return try applyNumber(filter, value, arguments)
    case .map, .select, .reject, .selectattr, .rejectattr:
      return try applyLazy(filter, value, arguments)
    case .dictsort, .groupby, .max, .min, .sort, .sum, .unique:
      return try applyOrder(filter, value, arguments)
    default: return try applySequence(filter, value, arguments)
    }
  }

  /// A filter by its name, as `map` calls it.
  func apply(
    named name: Value, to value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    if case .undefined(let object) = name { throw object.fault }
    let string = name.text?.string ?? ""
    guard let filter = Filter(name: string) else {
      if Filter.unsupported.contains(string) { throw .unsupported("the filter '\(string)'") }
      throw .unknownFilter(name.shortRepr)
    }
    return try apply(filter, to: value, arguments)
  }
}
