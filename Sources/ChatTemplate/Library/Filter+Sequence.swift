/// Filters that look into sequences and mappings, and put them in order.
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
    case .sort: return try sort(value, arguments)
    case .dictsort: return try dictSort(value, arguments)
    case .unique: return try unique(value, arguments)
    default:
      _ = try arguments.unnamed(0...0)
      return try applyPlainSequence(filter, value)
    }
  }

  private func applyPlainSequence(_ filter: Filter, _ value: Value) throws(Fault) -> Value {
    switch filter {
    case .length:
      guard let length = value.knownLength else {
        throw .type("object of type '\(value.typeName)' has no len()")
      }
      return .int(length)
    case .list: return try list(try items(of: value))
    case .first:
      return try makeIterator(value).next(self)
        ?? .missing("No first item, sequence was empty.")
    case .last:
      return try reversed(value).next(self)
        ?? .missing("No last item, sequence was empty.")
    case .reverse:
      if let text = value.text {
        try charge(bytes: text.bytes.count)
        try charge(work: text)
        return value.sameKind(Text(text.scalars.reversed()))
      }
      if case .iterator = value { return try list(try items(of: value).reversed()) }
      return try checked(try reversed(value))
    default:
      if value.isUndefined { return .iterator(LazyIterator([])) }
      guard case .dict(let dict) = value else {
        return .iterator(
          LazyIterator(depth: 1) { _ throws(Fault) in
            throw .type("Can only get item pairs from a mapping.")
          })
      }
      return try checked(try makeIterator(.view(DictView(dict: dict, part: .items))))
    }
  }

  /// The items from the last to the first, where Python can go through them backwards.
  private func reversed(_ value: Value) throws(Fault) -> LazyIterator {
    guard value.knownLength != nil else {
      throw .type("'\(value.typeName)' object is not reversible")
    }
    return LazyIterator(try items(of: value).reversed())
  }

  private func join(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["d", "attribute"])
    let separator = try string(values[0] ?? .string(Text.empty))
    let path = try AttributePath(values[1] ?? .null)
    var bytes: [UInt8] = []
    for (index, item) in try items(of: value).enumerated() {
      if index > 0 { bytes += separator.bytes }
      try append(try string(try path.value(of: item, self)), to: &bytes)
    }
    return try text(Text(bytes))
  }

  // MARK: Order

  /// Text in lower case where case doesn't matter; other values as they are.
  private func folded(_ value: Value, _ isCaseSensitive: Bool) throws(Fault) -> Value {
    guard !isCaseSensitive, let text = value.text else { return value }
    try charge(work: text)
    return value.sameKind(text.lowercased)
  }

  private func sort(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["reverse", "case_sensitive", "attribute"])
    if let text = values[2]?.text, text.firstIndex(of: ",") != nil {
      throw .unsupported("sorting by several attributes")
    }
    let path = try AttributePath(values[2] ?? .null)
    return try list(
      try sorted(try items(of: value), reverse: values[0]?.isTrue ?? false) {
        item throws(Fault) in
        try folded(try path.value(of: item, self), values[1]?.isTrue ?? false)
      })
  }

  private func dictSort(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    guard arguments.positional.isEmpty && arguments.keywords.isEmpty else {
      throw .unsupported("an argument of 'dictsort'")
    }
    guard case .dict(let dict) = value else {
      if case .undefined(let fault) = value { throw fault }
      throw .type("dictsort needs a mapping, not \(value.typeName)")
    }
    let members = try sorted(Array(zip(dict.keys, dict.values))) { member throws(Fault) in
      try folded(member.0, false)
    }
    return try list(members.map { .tuple([$0.0, $0.1]) })
  }

  private func unique(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["case_sensitive", "attribute"])
    let path = try AttributePath(values[1] ?? .null)
    let seen = DictObject()
    for item in try items(of: value) {
      let key = try folded(try path.value(of: item, self), values[0]?.isTrue ?? false)
      try charge(bytes: 4 * Self.itemBytes)
      if seen[try self.key(key)] == nil { try seen.set(key, item) }
    }
    return try checked(LazyIterator(seen.values))
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
