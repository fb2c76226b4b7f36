/// Writes values as Python's `json.dumps` does, with the options of transformers' `tojson`.
struct JSONText {
  var ensuresASCII = false
  /// One level of indentation; nil writes everything on one line.
  var indent: Text?
  var itemSeparator: Text
  var keySeparator: Text
  var sortsKeys = false

  private var bytes: [UInt8] = []

  init(indent: Text?, separators: (Text, Text)?) {
    self.indent = indent
    itemSeparator = separators?.0 ?? (indent == nil ? ", " : ",")
    keySeparator = separators?.1 ?? ": "
  }

  /// The text of a value.
  ///
  /// - Throws: `Fault.type` for values that JSON doesn't have.
  mutating func write(_ value: Value, _ renderer: Renderer) throws(Fault) -> Text {
    try append(value, level: 0, renderer)
    try renderer.charge(bytes: bytes.count)
    return Text(bytes)
  }

  private mutating func append(
    _ value: Value, level: Int, _ renderer: Renderer
  ) throws(Fault) {
    try renderer.step()
    if bytes.count > renderer.limits.valueBytes {
      throw .limit(.valueBytes, renderer.limits.valueBytes)
    }
    switch value {
    case .null: bytes.append("null")
    case .bool(let flag): bytes.append(flag ? "true" : "false")
    case .int(let number): bytes.append(String(number))
    case .double(let number): bytes.append(Self.spelled(number))
    case .string(let text), .markup(let text): try appendString(text, renderer)
    case .list(let object), .tuple(let object):
      try renderer.enter()
      defer { renderer.leave() }
      try appendList(object.items, level: level + 1, renderer)
    case .dict(let dict):
      try renderer.enter()
      defer { renderer.leave() }
      try appendDict(dict, level: level + 1, renderer)
    default: throw .type("Object of type \(value.typeName) is not JSON serializable")
    }
  }

  private mutating func appendList(
    _ items: [Value], level: Int, _ renderer: Renderer
  ) throws(Fault) {
    if items.isEmpty {
      bytes.append("[]")
      return
    }
    bytes.append("[")
    for (index, item) in items.enumerated() {
      if index > 0 { bytes.append(contentsOf: itemSeparator.bytes) }
      appendLine(level)
      try append(item, level: level, renderer)
    }
    appendLine(level - 1)
    bytes.append("]")
  }

  private mutating func appendDict(
    _ dict: DictObject, level: Int, _ renderer: Renderer
  ) throws(Fault) {
    if dict.count == 0 {
      bytes.append("{}")
      return
    }
    var members = Array(zip(dict.keys, dict.values))
    if sortsKeys {
      members = try renderer.sorted(members) { $0.0 }
    }
    bytes.append("{")
    for (index, (key, value)) in members.enumerated() {
      if index > 0 { bytes.append(contentsOf: itemSeparator.bytes) }
      appendLine(level)
      try appendString(Self.name(key), renderer)
      bytes.append(contentsOf: keySeparator.bytes)
      try append(value, level: level, renderer)
    }
    appendLine(level - 1)
    bytes.append("}")
  }

  private mutating func appendLine(_ level: Int) {
    guard let indent else { return }
    bytes.append("\n")
    for _ in 0..<level { bytes.append(contentsOf: indent.bytes) }
  }

  private static func name(_ key: Value) throws(Fault) -> Text {
    switch key {
    case .string(let text), .markup(let text): return text
    case .int(let number): return Text(String(number))
    case .double(let number): return Text(spelled(number))
    case .bool(let flag): return flag ? "true" : "false"
    case .null: return "null"
    default: throw .type("keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }

  private static func spelled(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return FloatText.repr(number)
  }

  private mutating func appendString(_ text: Text, _ renderer: Renderer) throws(Fault) {
    try renderer.charge(work: text.bytes.count)
    bytes.append("\"")
    for scalar in text.string.unicodeScalars {
      switch scalar {
      case "\"": bytes.append("\\\"")
      case "\\": bytes.append("\\\\")
      case "\n": bytes.append("\\n")
      case "\r": bytes.append("\\r")
      case "\t": bytes.append("\\t")
      case "\u{8}": bytes.append("\\b")
      case "\u{C}": bytes.append("\\f")
      default:
        if scalar.value < 0x20 || (ensuresASCII && scalar.value > 0x7E) {
          for unit in String(scalar).utf16 { appendEscape(unit) }
        } else {
          bytes.append(scalar)
        }
      }
    }
    bytes.append("\"")
  }

  private mutating func appendEscape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    bytes.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }
}
