/// What a key of a mapping is the same by: 1, 1.0 and true are one key, as in Python.
enum Key: Hashable {
  case undefined
  case null
  case int(Int)
  case double(UInt64)
  case text(Text)
  case tuple([Key])
  case range(count: Int, start: Int, step: Int)
  case object(ObjectIdentifier)
}

extension Value {
  /// The value as a key.
  ///
  /// - Throws: `Fault.type` for lists and mappings, which cannot be keys.
  func key() throws(Fault) -> Key {
    switch self {
    case .undefined: return .undefined
    case .null: return .null
    case .bool(let value): return .int(value ? 1 : 0)
    case .int(let value): return .int(value)
    case .double(let value):
      if let integer = Int(exactly: value) { return .int(integer) }
      return .double(value.bitPattern)
    case .string(let text), .markup(let text): return .text(text)
    case .tuple(let object):
      var keys: [Key] = []
      for item in object.items { keys.append(try item.key()) }
      return .tuple(keys)
    case .range(let range):
      return .range(
        count: range.count, start: range.count > 0 ? range.start : 0,
        step: range.count > 1 ? range.step : 0)
    case .namespace(let object): return .object(ObjectIdentifier(object))
    case .macro(let object): return .object(ObjectIdentifier(object))
    case .loop(let object): return .object(ObjectIdentifier(object))
    case .iterator(let object): return .object(ObjectIdentifier(object))
    case .cycler(let object): return .object(ObjectIdentifier(object))
    case .joiner(let object): return .object(ObjectIdentifier(object))
    case .list, .dict, .view, .function, .method:
      throw .type("unhashable type: '\(typeName)'")
    }
  }
}

/// A mapping in the order of insertion; it doesn't change after it was made.
final class DictObject {
  private(set) var keys: [Value] = []
  private(set) var values: [Value] = []
  private(set) var depth = 1
  private var positions: [Key: Int] = [:]

  init() {}

  /// A mapping of pairs; a key that occurs again replaces the value but keeps its place.
  convenience init(_ pairs: some Sequence<(Value, Value)>) throws(Fault) {
    self.init()
    for (key, value) in pairs { try set(key, value) }
  }

  /// A mapping with the same members.
  convenience init(copy other: DictObject) {
    self.init()
    keys = other.keys
    values = other.values
    depth = other.depth
    positions = other.positions
  }

  var count: Int { keys.count }

  subscript(key: Key) -> Value? { positions[key].map { values[$0] } }

  subscript(name: Text) -> Value? { self[.text(name)] }

  /// Sets a member while the mapping is being made.
  func set(_ key: Value, _ value: Value) throws(Fault) {
    let position = try key.key()
    depth = max(depth, key.depth + 1, value.depth + 1)
    if let index = positions[position] {
      values[index] = value
    } else {
      positions[position] = keys.count
      keys.append(key)
      values.append(value)
    }
  }

  /// Drops all members.
  func removeAll() {
    keys = []
    values = []
    positions = [:]
  }
}
