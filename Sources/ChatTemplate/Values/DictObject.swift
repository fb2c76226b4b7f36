/// What a key of a mapping is the same by: 1, 1.0 and true are one key, as in Python.
enum Key: Hashable {
  case undefined
  case null
  case int(Int)
  case large(LargeInteger)
  case double(UInt64)
  case text(Text)
}

extension Value {
  /// The value as a key; nil for what cannot be one.
  var key: Key? {
    switch self {
    case .undefined: .undefined
    case .null: .null
    case .bool(let value): .int(value ? 1 : 0)
    case .int(let value): .int(value)
    case .large(let value): .large(value)
    case .double(let value): Int(exactly: value).map(Key.int) ?? .double(value.bitPattern)
    case .string(let text), .markup(let text): .text(text)
    default: nil
    }
  }

  /// The value as a key.
  ///
  /// - Throws: `Fault.type` for lists and mappings, which cannot be keys.
  func requiredKey() throws(Fault) -> Key {
    if let key { return key }
    switch self {
    case .list, .dict, .view: throw .type("unhashable type: '\(typeName)'")
    default: throw .unsupported("a key of the type '\(typeName)'")
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

  var count: Int { keys.count }

  subscript(key: Key) -> Value? { positions[key].map { values[$0] } }

  subscript(name: Text) -> Value? { self[.text(name)] }

  /// Sets a member while the mapping is being made.
  func set(_ key: Value, _ value: Value) throws(Fault) {
    let position = try key.requiredKey()
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
