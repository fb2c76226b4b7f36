/// Going through the items of values.
extension Renderer {
  /// Whether a value can be iterated over.
  static func isIterable(_ value: Value) -> Bool {
    switch value {
    case .undefined, .string, .markup, .list, .tuple, .dict, .view, .range, .iterator: true
    default: false
    }
  }

  /// The number of a value's items where Python's `len` knows it.
  func knownLength(_ value: Value) -> Int? {
    switch value {
    case .undefined: 0
    case .string(let text), .markup(let text): text.count
    case .list(let object), .tuple(let object): object.items.count
    case .dict(let dict): dict.count
    case .view(let view): view.dict.count
    case .range(let range): range.count
    default: nil
    }
  }

  /// The items of a value, one at a time.
  func makeIterator(_ value: Value) throws(Fault) -> LazyIterator {
    switch value {
    case .list(let object), .tuple(let object): return LazyIterator("iterator", object.items)
    case .dict(let dict): return LazyIterator("dict_keyiterator", dict.keys)
    case .iterator(let iterator): return iterator
    case .range(let range):
      var index = 0
      return LazyIterator("range_iterator", depth: 1) { _ in
        guard index < range.count else { return nil }
        defer { index += 1 }
        return .int(range[index])
      }
    case .view(let view):
      var index = 0
      return LazyIterator("\(view.typeName)iterator", depth: view.dict.depth + 2) { _ in
        guard index < view.dict.count else { return nil }
        defer { index += 1 }
        return view.item(index)
      }
    case .string, .markup, .undefined: return LazyIterator("iterator", try items(of: value))
    default: throw .type("'\(value.typeName)' object is not iterable")
    }
  }

  /// All items of a value.
  func items(of value: Value) throws(Fault) -> [Value] {
    switch value {
    case .undefined: return []
    case .list(let object), .tuple(let object): return object.items
    case .dict(let dict): return dict.keys
    case .string(let text), .markup(let text):
      try charge(bytes: text.count * (Self.itemBytes + 32))
      var items: [Value] = []
      items.reserveCapacity(text.count)
      for scalar in text.string.unicodeScalars {
        var bytes: [UInt8] = []
        bytes.append(scalar)
        items.append(.string(Text(bytes, count: 1)))
      }
      return items
    default:
      let iterator = try makeIterator(value)
      var items: [Value] = []
      while let item = try iterator.next(self) {
        try charge(bytes: Self.itemBytes)
        items.append(item)
      }
      return items
    }
  }

  /// Items in order of their keys, those with equal keys as they stood.
  func sorted<Item>(
    _ items: [Item], reverse: Bool = false, by key: (Item) throws(Fault) -> Value
  ) throws(Fault) -> [Item] {
    var entries: [(key: Value, item: Item)] = []
    for item in items { entries.append((try key(item), item)) }
    if reverse { entries.reverse() }
    var width = 1
    while width < entries.count {
      var merged: [(key: Value, item: Item)] = []
      merged.reserveCapacity(entries.count)
      var start = 0
      while start < entries.count {
        let middle = min(start + width, entries.count)
        let end = min(start + 2 * width, entries.count)
        var (left, right) = (start, middle)
        while left < middle && right < end {
          try step()
          if try isLess(entries[right].key, entries[left].key) {
            merged.append(entries[right])
            right += 1
          } else {
            merged.append(entries[left])
            left += 1
          }
        }
        merged += entries[left..<middle]
        merged += entries[right..<end]
        start = end
      }
      entries = merged
      width *= 2
    }
    if reverse { entries.reverse() }
    return entries.map { $0.item }
  }
}
