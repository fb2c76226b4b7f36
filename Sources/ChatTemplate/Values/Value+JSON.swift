import JSONCore

extension Value {
  /// The value of JSON, as Python's `json` reads it.
  ///
  /// - Throws: `Fault.limit` if lists and objects are nested deeper than `depth`.
  init(_ json: JSON, depth: Int) throws(Fault) {
    guard depth >= 0 else { throw .limit(.valueDepth, 0) }
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .number(let number): self = Value(number)
    case .string(let string): self = .string(Text(string))
    case .array(let array):
      var items: [Value] = []
      items.reserveCapacity(array.count)
      for item in array { items.append(try Value(item, depth: depth - 1)) }
      self = .list(items)
    case .object(let object):
      let dict = DictObject()
      for member in object.members {
        try dict.set(.string(Text(member.key)), Value(member.value, depth: depth - 1))
      }
      self = .dict(dict)
    }
  }

  private init(_ number: JSONNumber) {
    if let value = Int(number.text) {
      self = .int(value)
    } else if let value = LargeInteger(number.text) {
      self = .large(value)
    } else {
      self = .double(Double(number.text) ?? .infinity)
    }
  }
}
