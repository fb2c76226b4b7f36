/// A value that isn't there, and what to say when it is used.
final class UndefinedObject {
  let fault: Fault

  init(_ fault: Fault) { self.fault = fault }

  convenience init(name: String) {
    self.init(.undefined("\(Value.repr(of: name)) is undefined"))
  }

  convenience init(missing name: Value, of value: Value) {
    let message =
      switch name {
      case .string(let text), .markup(let text):
        "\(Value.repr(of: value.objectName)) has no attribute \(Value.repr(of: text.string))"
      default:
        "\(value.objectName) has no element \(name.shortRepr)"
      }
    self.init(.undefined(message))
  }
}

/// The items of a list or a tuple; neither ever changes.
final class ListObject {
  let items: [Value]
  let depth: Int

  init(_ items: [Value]) {
    self.items = items
    var depth = 0
    for item in items { depth = max(depth, item.depth) }
    self.depth = depth + 1
  }
}

/// The keys, the values or the items of a mapping.
final class ViewObject {
  enum Part { case keys, values, items }

  let dict: DictObject
  let part: Part

  init(_ dict: DictObject, _ part: Part) {
    self.dict = dict
    self.part = part
  }

  var typeName: String {
    switch part {
    case .keys: "dict_keys"
    case .values: "dict_values"
    case .items: "dict_items"
    }
  }

  func item(_ index: Int) -> Value {
    switch part {
    case .keys: dict.keys[index]
    case .values: dict.values[index]
    case .items: .tuple([dict.keys[index], dict.values[index]])
    }
  }
}

/// Numbers from a start in steps.
final class RangeObject {
  let start: Int
  let stop: Int
  let step: Int
  let count: Int

  /// The step is not zero.
  init(_ start: Int, _ stop: Int, _ step: Int) throws(Fault) {
    self.start = start
    self.stop = stop
    self.step = step
    let (distance, overflow) = stop.subtractingReportingOverflow(start)
    guard !overflow, distance != Int.min, step != Int.min else {
      throw .overflow("the length of a range")
    }
    let isEmpty = step > 0 ? distance <= 0 : distance >= 0
    count = isEmpty ? 0 : (abs(distance) - 1) / abs(step) + 1
  }

  subscript(index: Int) -> Int { start &+ index &* step }
}

/// A one-way sequence whose items are made when they are asked for, such as `map` gives.
final class LazyIterator {
  typealias Pull = (Renderer) throws(Fault) -> Value?

  /// The name of the iterator's type in Python.
  let name: String
  let depth: Int
  private var pull: Pull?

  init(_ name: String, depth: Int, _ pull: @escaping Pull) {
    self.name = name
    self.depth = depth
    self.pull = pull
  }

  /// An iterator over items that are there.
  convenience init(_ name: String, _ items: [Value]) {
    var index = 0
    var depth = 0
    for item in items { depth = max(depth, item.depth) }
    self.init(name, depth: depth + 1) { _ in
      guard index < items.count else { return nil }
      defer { index += 1 }
      return items[index]
    }
  }

  func next(_ renderer: Renderer) throws(Fault) -> Value? {
    guard let pull else { return nil }
    try renderer.step()
    try renderer.enter()
    defer { renderer.leave() }
    do {
      if let value = try pull(renderer) { return value }
    } catch {
      self.pull = nil
      throw error
    }
    self.pull = nil
    return nil
  }
}

/// What `namespace` makes: attributes that templates may set.
final class NamespaceObject {
  var attributes: DictObject

  init(_ attributes: DictObject) { self.attributes = attributes }
}

/// A macro with the variables that it sees.
final class MacroObject {
  let definition: MacroDefinition
  /// Taken away when the render is over, for macros and variables hold each other.
  var scope: Scope?

  init(_ definition: MacroDefinition, scope: Scope) {
    self.definition = definition
    self.scope = scope
  }
}

/// A method of a value that isn't called yet.
final class MethodObject {
  let receiver: Value
  let method: Method

  init(_ receiver: Value, _ method: Method) {
    self.receiver = receiver
    self.method = method
  }
}

/// The functions that templates find without being given them, done or not.
enum BuiltinFunction: String, CaseIterable {
  case range, dict, namespace, cycler, joiner, lipsum
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
}
