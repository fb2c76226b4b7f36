/// Attributes, items and slices of values.
extension Renderer {
  /// What `value.name` is: an attribute, or else an item of that name, or else undefined.
  func attribute(_ name: AttributeName, of value: Value) throws(Fault) -> Value {
    if case .undefined(let object) = value { throw object.fault }
    if let found = try ownAttribute(name, of: value) { return found }
    if case .dict(let dict) = value, let item = dict[name.text] { return item }
    return .undefined(UndefinedObject(missing: .string(name.text), of: value))
  }

  /// What `value[key]` is: an item, or else an attribute of that name, or else undefined.
  func item(_ key: Value, of value: Value) throws(Fault) -> Value {
    if case .undefined(let object) = value { throw object.fault }
    if let found = try ownItem(key, of: value) { return found }
    if let text = key.text, let found = try ownAttribute(AttributeName(text), of: value) {
      return found
    }
    return .undefined(UndefinedObject(missing: key, of: value))
  }

  /// An attribute that the value itself has.
  func ownAttribute(_ name: AttributeName, of value: Value) throws(Fault) -> Value? {
    switch value {
    case .namespace(let object): return object.attributes[name.text]
    case .loop(let loop):
      if let found = try loop.attribute(name.text, self) { return found }
    case .tuple(let object):
      if let index = object.names.firstIndex(of: name.text.string) { return object.items[index] }
    case .int(let number):
      if let found = Self.partOfNumber(name.text, .int(number), .int(0)) { return found }
    case .bool(let flag):
      if let found = Self.partOfNumber(name.text, .int(flag ? 1 : 0), .int(0)) { return found }
    case .double(let number):
      if name.text == "real" || name.text == "imag" {
        return .double(name.text == "real" ? number : 0)
      }
    case .range(let range):
      switch name.text.string {
      case "start": return .int(range.start)
      case "stop": return .int(range.stop)
      case "step": return .int(range.step)
      default: break
      }
    case .cycler(let cycler) where name.text == "current": return cycler.items[cycler.index]
    case .macro(let macro):
      if name.text == "name" {
        return macro.definition.name.map { .string(Text($0)) } ?? Value.null
      }
      if name.text == "arguments" {
        return .tuple(macro.definition.parameters.map { .string(Text($0.name)) })
      }
    default: break
    }
    if let method = name.method, method.exists(on: value) {
      if method.isUnsafe(on: value) { return Self.unsafeAttribute(name.text, value) }
      return .method(MethodObject(value, method))
    }
    return name.isInternal && Self.internalNames.contains(name.text.string)
      ? Self.unsafeAttribute(name.text, value) : nil
  }

  private static func partOfNumber(_ name: Text, _ number: Value, _ zero: Value) -> Value? {
    switch name.string {
    case "real", "numerator": number
    case "imag": zero
    case "denominator": .int(1)
    default: nil
    }
  }

  private static func unsafeAttribute(_ name: Text, _ value: Value) -> Value {
    .undefined(
      UndefinedObject(
        .unsafe(
          "access to attribute \(Value.repr(of: name.string)) of "
            + "\(Value.repr(of: value.typeName)) object is unsafe.")))
  }

  /// Names that every object of Python has.
  private static let internalNames: Set<String> = [
    "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__",
    "__getattribute__", "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__",
    "__le__", "__lt__", "__ne__", "__new__", "__reduce__", "__reduce_ex__", "__repr__",
    "__setattr__", "__sizeof__", "__str__", "__subclasshook__", "__len__", "__getitem__",
    "__iter__", "__contains__", "__call__", "__dict__", "__module__", "__globals__",
  ]

  private func ownItem(_ key: Value, of value: Value) throws(Fault) -> Value? {
    switch value {
    case .dict(let dict):
      switch key {
      case .list, .dict, .view: return nil
      default: return dict[try key.key()]
      }
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
    guard let count = knownLength(value), !value.isUndefined else {
      if case .undefined(let object) = value { throw object.fault }
      throw .type("'\(value.typeName)' object is not subscriptable")
    }
    let bounds = [try Self.bound(start), try Self.bound(stop), try Self.bound(step)]
    let step = bounds[2] ?? 1
    if step == 0 { throw .value("slice step cannot be zero") }
    if step == Int.min { throw .overflow("the step of a slice") }
    func clamped(_ bound: Int?, _ missing: Int) -> Int {
      guard let bound else { return missing }
      let index = bound < 0 ? bound &+ count : bound
      return step > 0 ? min(max(index, 0), count) : min(max(index, -1), count - 1)
    }
    let first = clamped(bounds[0], step > 0 ? 0 : count - 1)
    let last = clamped(bounds[1], step > 0 ? count : -1)
    let length =
      step > 0
      ? (first < last ? (last - first - 1) / step + 1 : 0)
      : (first > last ? (first - last - 1) / -step + 1 : 0)
    let indices = (0..<length).lazy.map { first + $0 * step }
    switch value {
    case .string(let text), .markup(let text):
      try charge(bytes: text.bytes.count)
      if step == 1 { return value.sameKind(text.slice(first, first + length)) }
      let scalars = text.scalars
      return value.sameKind(Text(indices.map { scalars[$0] }))
    case .list(let object):
      if step == 1 { return try list(Array(object.items[first..<first + length])) }
      return try list(indices.map { object.items[$0] })
    case .tuple(let object): return try tuple(indices.map { object.items[$0] })
    case .range(let range):
      let (newStep, overflow) = range.step.multipliedReportingOverflow(by: step)
      if overflow { throw .overflow("the step of a range") }
      return .range(try RangeObject(range[first], range[last], newStep))
    default: throw .type("unhashable type: 'slice'")
    }
  }

  private static func bound(_ value: Value) throws(Fault) -> Int? {
    if value.isNull { return nil }
    guard let integer = value.integer else {
      throw .type("slice indices must be integers or None")
    }
    return integer
  }
}
