/// Filters that take sequences apart and put them together.
extension Renderer {
  func applySequence(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .default:
      let values = try arguments.bound(["default_value", "boolean"])
      let isMissing = value.isUndefined || (values[1]?.isTrue == true && !value.isTrue)
      return isMissing ? values[0] ?? .string(Text.empty) : value
    case .join: return try join(value, arguments)
    case .batch, .slice: return try group(filter, value, arguments)
    case .attr:
      let name = try arguments.bound(["name"], required: 1)[0] ?? .null
      if case .undefined(let object) = value { throw object.fault }
      return try ownAttribute(AttributeName(name.requiredText("the name")), of: value)
        ?? .undefined(UndefinedObject(missing: name, of: value))
    default:
      _ = try arguments.unnamed(0...0)
      return try applyPlainSequence(filter, value)
    }
  }

  private func applyPlainSequence(_ filter: Filter, _ value: Value) throws(Fault) -> Value {
    switch filter {
    case .length:
      if case .loop(let loop) = value { return .int(try loop.length(self)) }
      guard let length = knownLength(value) else {
        throw .type("object of type '\(value.typeName)' has no len()")
      }
      return .int(length)
    case .list: return try list(try items(of: value))
    case .first:
      return try makeIterator(value).next(self)
        ?? .undefined(UndefinedObject(.undefined("No first item, sequence was empty.")))
    case .last:
      return try reversed(value).next(self)
        ?? .undefined(UndefinedObject(.undefined("No last item, sequence was empty.")))
    case .reverse:
      if let text = value.text {
        return value.sameKind(Text(text.scalars.reversed()))
      }
      if case .iterator = value { return try list(try items(of: value).reversed()) }
      return try checked(try reversed(value))
    case .items:
      if value.isUndefined { return .iterator(LazyIterator("generator", [])) }
      guard case .dict(let dict) = value else {
        return .iterator(
          LazyIterator("generator", depth: 1) { _ throws(Fault) in
            throw .type("Can only get item pairs from a mapping.")
          })
      }
      return try checked(try makeIterator(.view(ViewObject(dict, .items))))
    default: return value
    }
  }

  /// The items from the last to the first, where Python can go through them backwards.
  private func reversed(_ value: Value) throws(Fault) -> LazyIterator {
    switch value {
    case .undefined, .string, .markup, .list, .tuple, .dict, .view, .range:
      let items = try items(of: value)
      if case .markup = value {
        return LazyIterator("reversed", items.reversed().compactMap(\.text).map(Value.markup))
      }
      return LazyIterator("reversed", items.reversed())
    default: throw .type("'\(value.typeName)' object is not reversible")
    }
  }

  private func join(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["d", "attribute"])
    let separator = try string(values[0] ?? .string(Text.empty))
    let path = try AttributePath(values[1] ?? .null)
    var bytes: [UInt8] = []
    for (index, item) in try items(of: value).enumerated() {
      if index > 0 { bytes += separator.bytes }
      bytes += try string(try path.value(of: item, self)).bytes
      if bytes.count > limits.valueBytes { throw .limit(.valueBytes, limits.valueBytes) }
    }
    return try text(Text(bytes))
  }

  private func group(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let values = try arguments.bound(
      [filter == .batch ? "linecount" : "slices", "fill_with"], required: 1)
    let size = values[0] ?? .null
    let fill = values[1].flatMap { $0.isNull ? nil : $0 }
    let items = try items(of: value)
    let groups =
      filter == .batch
      ? try batches(items, size, fill) : try slices(items, size, fill)
    try charge(bytes: (items.count + groups.count) * Self.itemBytes)
    var lists: [Value] = []
    for group in groups { lists.append(try list(group)) }
    return try checked(LazyIterator("generator", lists))
  }

  private func batches(
    _ items: [Value], _ size: Value, _ fill: Value?
  ) throws(Fault) -> [[Value]] {
    var result: [[Value]] = []
    var group: [Value] = []
    for item in items {
      if try areEqual(.int(group.count), size) {
        result.append(group)
        group = []
      }
      group.append(item)
    }
    guard !group.isEmpty else { return result }
    if let fill, try isLess(.int(group.count), size) {
      let missing = try size.requiredInteger("the size") - group.count
      try charge(product: missing, Self.itemBytes)
      group += Array(repeating: fill, count: missing)
    }
    return result + [group]
  }

  private func slices(
    _ items: [Value], _ count: Value, _ fill: Value?
  ) throws(Fault) -> [[Value]] {
    let count = try count.requiredInteger("the number of slices")
    if count == 0 { throw .divisionByZero }
    guard count > 0 else { return [] }
    try charge(product: count, Self.itemBytes)
    let (size, longer) = items.count.quotientAndRemainder(dividingBy: count)
    var result: [[Value]] = []
    var start = 0
    for index in 0..<count {
      let end = start + size + (index < longer ? 1 : 0)
      var slice = Array(items[start..<end])
      if let fill, index >= longer { slice.append(fill) }
      result.append(slice)
      start = end
    }
    return result
  }
}

/// Where `attribute="a.b.0"` leads.
struct AttributePath {
  private let parts: [Value]
  private let fallback: Value?

  init(_ path: Value, fallback: Value? = nil) throws(Fault) {
    self.fallback = fallback
    switch path {
    case .null: parts = []
    case .string(let text), .markup(let text):
      parts = text.split(by: ".", limit: nil).map { part in
        part.decimalIndex.map(Value.int) ?? .string(part)
      }
    default: parts = [path]
    }
  }

  func value(of item: Value, _ renderer: Renderer) throws(Fault) -> Value {
    var value = item
    for part in parts {
      value = try renderer.item(part, of: value)
      if let fallback, value.isUndefined { value = fallback }
    }
    return value
  }
}
