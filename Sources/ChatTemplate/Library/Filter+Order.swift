/// Filters that compare items.
extension Renderer {
  func applyOrder(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .sort: return try sort(value, arguments)
    case .dictsort: return try dictSort(value, arguments)
    case .min, .max: return try extreme(filter, value, arguments)
    case .sum: return try sum(value, arguments)
    case .groupby: return try groupBy(value, arguments)
    default: return try unique(value, arguments)
    }
  }

  /// Text in lower case where case doesn't matter; other values as they are.
  private func folded(_ value: Value, _ isCaseSensitive: Bool) throws(Fault) -> Value {
    guard !isCaseSensitive, let text = value.text else { return value }
    try charge(work: text)
    return value.sameKind(text.lowercased)
  }

  private func sort(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["reverse", "case_sensitive", "attribute"])
    let isCaseSensitive = values[1]?.isTrue ?? false
    var paths: [AttributePath] = []
    if let text = values[2]?.text {
      for part in text.split(by: ",", limit: nil) { paths.append(try AttributePath(.string(part))) }
    } else {
      paths = [try AttributePath(values[2] ?? .null)]
    }
    let sorted = try sorted(try items(of: value), reverse: values[0]?.isTrue ?? false) {
      item throws(Fault) in
      var key: [Value] = []
      for path in paths {
        key.append(try folded(try path.value(of: item, self), isCaseSensitive))
      }
      return .list(key)
    }
    return try list(sorted)
  }

  private func dictSort(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["case_sensitive", "by", "reverse"])
    let by = values[1]?.text?.string ?? (values[1] == nil ? "key" : "")
    guard by == "key" || by == "value" else {
      throw .value("You can only sort by either \"key\" or \"value\"")
    }
    guard case .dict(let dict) = value else {
      if case .undefined(let object) = value { throw object.fault }
      throw .type("dictsort needs a mapping, not \(value.typeName)")
    }
    let isCaseSensitive = values[0]?.isTrue ?? false
    let members = Array(zip(dict.keys, dict.values))
    let sorted = try sorted(members, reverse: values[2]?.isTrue ?? false) {
      member throws(Fault) in
      try folded(by == "key" ? member.0 : member.1, isCaseSensitive)
    }
    return try list(sorted.map { .tuple([$0.0, $0.1]) })
  }

  private func extreme(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let values = try arguments.bound(["case_sensitive", "attribute"])
    let path = try AttributePath(values[1] ?? .null)
    var best: (key: Value, item: Value)?
    let iterator = try makeIterator(value)
    while let item = try iterator.next(self) {
      let key = try folded(try path.value(of: item, self), values[0]?.isTrue ?? false)
      guard let current = best else {
        best = (key, item)
        continue
      }
      let isBetter =
        try filter == .min
        ? isLess(key, current.key) : isLess(current.key, key, ">")
      if isBetter { best = (key, item) }
    }
    return best?.item
      ?? .undefined(UndefinedObject(.undefined("No aggregated item, sequence was empty.")))
  }

  private func sum(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["attribute", "start"])
    let path = try AttributePath(values[0] ?? .null)
    var total = values[1] ?? .int(0)
    if total.text != nil { throw .type("sum() can't sum strings [use ''.join(seq) instead]") }
    let iterator = try makeIterator(value)
    while let item = try iterator.next(self) {
      total = try apply(.add, total, try path.value(of: item, self))
    }
    return total
  }

  private func unique(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["case_sensitive", "attribute"])
    let path = try AttributePath(values[1] ?? .null)
    let isCaseSensitive = values[0]?.isTrue ?? false
    var seen: Set<Key> = []
    var source: LazyIterator?
    return try checked(
      LazyIterator("generator", depth: value.depth + 1) { renderer throws(Fault) in
        if source == nil { source = try renderer.makeIterator(value) }
        guard let iterator = source else { return nil }
        while let item = try iterator.next(renderer) {
          let key = try renderer.folded(try path.value(of: item, renderer), isCaseSensitive)
          try renderer.charge(bytes: 4 * Self.itemBytes)
          if seen.insert(try key.key()).inserted { return item }
        }
        return nil
      })
  }

  private func groupBy(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["attribute", "default", "case_sensitive"], required: 1)
    let fallback = values[1].flatMap { $0.isNull ? nil : $0 }
    let path = try AttributePath(values[0] ?? .null, fallback: fallback)
    let isCaseSensitive = values[2]?.isTrue ?? false
    let sorted = try sorted(try items(of: value)) { item throws(Fault) in
      try folded(try path.value(of: item, self), isCaseSensitive)
    }
    var groups: [(key: Value, items: [Value])] = []
    for item in sorted {
      let key = try folded(try path.value(of: item, self), isCaseSensitive)
      if let last = groups.last?.key, try areEqual(last, key) {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((key, [item]))
      }
    }
    var result: [Value] = []
    for group in groups {
      let name = try path.value(of: group.items.first ?? .null, self)
      let object = ListObject([name, try list(group.items)], names: ["grouper", "list"])
      result.append(.tuple(object))
    }
    return try list(result)
  }
}
