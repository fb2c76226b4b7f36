/// Attributes, items and slices of values.
extension Renderer {
  /// What `value.name` is: an attribute, or else an item of that name, or else undefined.
  func attribute(_ name: Text, of value: Value) throws(Fault) -> Value {
    if case .undefined(let fault) = value { throw fault }
    if let found = try ownAttribute(name, of: value) { return found }
    if case .dict(let dict) = value, let item = dict[name] { return item }
    return .missing(.string(name), of: value)
  }

  /// What `value[key]` is: an item, or else an attribute of that name, or else undefined.
  func item(_ key: Value, of value: Value) throws(Fault) -> Value {
    if case .undefined(let fault) = value { throw fault }
    if let found = try ownItem(key, of: value) { return found }
    if let text = key.text, let found = try ownAttribute(text, of: value) {
      return found
    }
    return .missing(key, of: value)
  }

  /// An attribute that the value itself has.
  func ownAttribute(_ name: Text, of value: Value) throws(Fault) -> Value? {
    switch value {
    case .namespace(let object): return object.attributes[name]
    case .loop(let loop):
      if let found = try loop.attribute(name, self) { return found }
    case .macro:
      if name == "name" || name == "arguments" {
        throw .unsupported("the attribute '\(name.string)' of a macro")
      }
    default: break
    }
    if let method = Method(name: name.string), method.exists(on: value) {
      return method.isUnsafe
        ? Self.unsafeAttribute(name, value) : .method(method, of: value)
    }
    let isInternal = name.count > 4 && name.hasPrefix("__") && name.hasSuffix("__")
    return isInternal ? Self.unsafeAttribute(name, value) : nil
  }

  private static func unsafeAttribute(_ name: Text, _ value: Value) -> Value {
    .undefined(
      .unsafeAttribute(
        "access to attribute \(Value.repr(of: name.string)) of "
          + "\(Value.repr(of: value.typeName)) object is unsafe."))
  }

  private func ownItem(_ key: Value, of value: Value) throws(Fault) -> Value? {
    switch value {
    case .dict(let dict):
      if let text = key.text { try charge(work: text.bytes.count) }
      return key.key.flatMap { dict[$0] }
    case .list(let object), .tuple(let object):
      return Self.index(key, object.items.count).map { object.items[$0] }
    case .range(let range): return Self.index(key, range.count).map { .int(range[$0]) }
    case .string(let text), .markup(let text):
      guard let index = Self.index(key, text.count) else { return nil }
      if !text.isASCII { try charge(work: text.bytes.count) }
      return value.sameKind(text.slice(index, index + 1))
    default: return nil
    }
  }

  /// The value as a key, with the work of looking at all of it.
  func key(_ value: Value) throws(Fault) -> Key {
    if let text = value.text { try charge(work: text.bytes.count) }
    return try value.requiredKey()
  }

  /// The index among so many items that a key means.
  private static func index(_ key: Value, _ count: Int) -> Int? {
    guard let integer = key.integer else { return nil }
    let index = integer < 0 ? integer &+ count : integer
    return (0..<count).contains(index) ? index : nil
  }

  /// What `value[start:stop:step]` is.
  func slice(
    _ value: Value, _ start: Value, _ stop: Value, _ step: Value
  ) throws(Fault) -> Value {
    guard let count = value.knownLength, !value.isUndefined else {
      if case .undefined(let fault) = value { throw fault }
      throw .type("'\(value.typeName)' object is not subscriptable")
    }
    func bound(_ value: Value) throws(Fault) -> Int? {
      if value.isNull { return nil }
      guard let integer = value.integer else {
        throw .type("slice indices must be integers or None")
      }
      return integer
    }
    let (start, stop) = (try bound(start), try bound(stop))
    let step = try bound(step) ?? 1
    if step == 0 { throw .value("slice step cannot be zero") }
    if step == Int.min { throw .overflow("the step of a slice") }
    func clamped(_ bound: Int?, _ missing: Int) -> Int {
      guard let bound else { return missing }
      let index = bound < 0 ? bound &+ count : bound
      return step > 0 ? min(max(index, 0), count) : min(max(index, -1), count - 1)
    }
    let first = clamped(start, step > 0 ? 0 : count - 1)
    let last = clamped(stop, step > 0 ? count : -1)
    let indices = stride(from: first, to: last, by: step)
    switch value {
    case .string(let text), .markup(let text):
      try charge(bytes: text.bytes.count)
      if step == 1 { return value.sameKind(text.slice(first, last)) }
      let scalars = text.scalars
      return value.sameKind(Text(indices.map { scalars[$0] }))
    case .list(let object): return try list(indices.map { object.items[$0] })
    case .tuple(let object): return try tuple(indices.map { object.items[$0] })
    case .range: throw .unsupported("a slice of a range")
    default: throw .type("unhashable type: 'slice'")
    }
  }
}
