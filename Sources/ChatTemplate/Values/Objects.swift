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
struct DictView {
  enum Part: String {
    case keys = "dict_keys"
    case values = "dict_values"
    case items = "dict_items"
  }

  let dict: DictObject
  let part: Part

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

  let depth: Int
  private var pull: Pull?

  init(depth: Int, _ pull: @escaping Pull) {
    self.depth = depth
    self.pull = pull
  }

  /// An iterator over items that are found by their index.
  convenience init(depth: Int, count: Int, item: @escaping (Int) -> Value) {
    var index = 0
    self.init(depth: depth) { _ in
      guard index < count else { return nil }
      defer { index += 1 }
      return item(index)
    }
  }

  /// An iterator over items that are there.
  convenience init(_ items: [Value]) {
    self.init(
      depth: items.reduce(0) { max($0, $1.depth) } + 1, count: items.count
    ) { items[$0] }
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

/// An object that may hold itself, by way of others.
protocol Releasable: AnyObject {
  /// Lets go of everything that the object holds.
  func release()
}

/// What `namespace` makes: attributes that templates may set.
final class NamespaceObject: Releasable {
  let attributes: DictObject

  init(_ attributes: DictObject) { self.attributes = attributes }

  func release() { attributes.removeAll() }
}

/// A macro with the variables that it sees.
final class MacroObject: Releasable {
  let definition: MacroDefinition
  private(set) var scope: Scope?

  init(_ definition: MacroDefinition, scope: Scope) {
    self.definition = definition
    self.scope = scope
  }

  func release() { scope = nil }
}

/// The functions that templates find without being given them, done or not.
enum BuiltinFunction: String, CaseIterable {
  case range, dict, namespace, cycler, joiner, lipsum
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
}
