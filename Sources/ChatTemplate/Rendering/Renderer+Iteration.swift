/// Going through the items of values.
extension Renderer {
  /// The items of a value, one at a time.
  func makeIterator(_ value: Value) throws(Fault) -> LazyIterator {
    switch value {
    case .list(let object), .tuple(let object): return LazyIterator(object.items)
    case .dict(let dict): return LazyIterator(dict.keys)
    case .iterator(let iterator): return iterator
    case .range(let range):
      return LazyIterator(depth: 1, count: range.count) { .int(range[$0]) }
    case .view(let view):
      return LazyIterator(
        depth: view.dict.depth + 2, count: view.dict.count, item: view.item)
    case .string, .markup, .undefined: return LazyIterator(try items(of: value))
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
    var keys: [Value] = []
    for item in items { keys.append(try key(item)) }
    var fault: Fault?
    func isLess(_ a: Int, _ b: Int) -> Bool {
      do throws(Fault) {
        guard fault == nil else { return false }
        try step()
        return try self.isLess(keys[a], keys[b])
      } catch {
        fault = error
        return false
      }
    }
    let order = items.indices.sorted { a, b in
      let (first, second) = reverse ? (b, a) : (a, b)
      return isLess(first, second) || (a < b && !isLess(second, first))
    }
    if let fault { throw fault }
    return order.map { items[$0] }
  }
}
