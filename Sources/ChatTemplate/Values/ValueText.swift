/// How `json.dumps` lays out what it writes, with the options of transformers' `tojson`.
struct JSONLayout {
  var ensuresASCII = false
  var sortsKeys = false
  /// One level of indentation; nil writes everything on one line.
  var indent: Text?
  var itemSeparator: Text = ", "
  var keySeparator: Text = ": "
}

/// Writes values as Python prints them, or as its `json.dumps` does.
struct ValueText {
  private let renderer: Renderer
  /// The layout of JSON; nil writes what `repr` gives.
  private let json: JSONLayout?
  private var bytes: [UInt8] = []
  private var level = 0
  /// The namespaces that are being written.
  private var namespaces: [NamespaceObject] = []

  private init(_ renderer: Renderer, json: JSONLayout?) {
    self.renderer = renderer
    self.json = json
  }

  /// The text of a value.
  ///
  /// - Throws: `Fault.type` for values that JSON doesn't have.
  static func of(
    _ value: Value, _ renderer: Renderer, json: JSONLayout? = nil
  ) throws(Fault) -> Text {
    var writer = ValueText(renderer, json: json)
    try writer.append(value)
    return Text(writer.bytes)
  }

  private mutating func append(_ value: Value) throws(Fault) {
    try renderer.step()
    try renderer.append(.empty, to: &bytes)
    switch value {
    case .null: bytes.append(json == nil ? "None" : "null")
    case .bool(let flag):
      bytes.append(json == nil ? (flag ? "True" : "False") : (flag ? "true" : "false"))
    case .int(let number): bytes.append(String(number))
    case .large(let number): bytes.append(number.description)
    case .double(let number): appendNumber(number)
    case .string(let text): try appendQuoted(text)
    case .markup(let text):
      if json == nil { bytes.append("Markup(") }
      try appendQuoted(text)
      if json == nil { bytes.append(")") }
    case .list(let object): try appendList(object.items, "[", "]")
    case .tuple(let object):
      if json != nil {
        try appendList(object.items, "[", "]")
      } else {
        try appendList(object.items, "(", object.items.count == 1 ? ",)" : ")")
      }
    case .dict(let dict): try appendDict(dict)
    default:
      guard json == nil else {
        throw .type("Object of type \(value.typeName) is not JSON serializable")
      }
      try appendObject(value)
    }
  }

  /// What only Python has.
  private mutating func appendObject(_ value: Value) throws(Fault) {
    switch value {
    case .undefined: bytes.append("Undefined")
    case .view(let view):
      bytes.append(view.part.rawValue)
      try appendList((0..<view.dict.count).map(view.item), "([", "])")
    case .range(let range):
      let step = range.step == 1 ? "" : ", \(range.step)"
      bytes.append("range(\(range.start), \(range.stop)\(step))")
    case .namespace(let object):
      // One that holds itself isn't written again.
      guard !namespaces.contains(where: { $0 === object }) else {
        return bytes.append("<Namespace {...}>")
      }
      namespaces.append(object)
      bytes.append("<Namespace ")
      try appendDict(object.attributes)
      bytes.append(">")
      namespaces.removeLast()
    case .macro(let macro):
      bytes.append("<Macro \(macro.definition.name.map { Value.repr(of: $0) } ?? "anonymous")>")
    case .loop(let loop):
      bytes.append("<LoopContext \(loop.index0 + 1)/\(try loop.length(renderer))>")
    case .method(let method, let receiver):
      bytes.append("<built-in method \(method.name) of \(receiver.typeName) object>")
    default: bytes.append("<\(value.typeName) object>")
    }
  }

  private mutating func appendNumber(_ number: Double) {
    switch number {
    case _ where json == nil || number.isFinite: bytes.append(FloatText.repr(number))
    case .infinity: bytes.append("Infinity")
    case -.infinity: bytes.append("-Infinity")
    default: bytes.append("NaN")
    }
  }

  // MARK: Groups

  private mutating func appendList(
    _ items: [Value], _ open: String, _ close: String
  ) throws(Fault) {
    try appendGroup(items.count, open, close) { writer, index throws(Fault) in
      try writer.append(items[index])
    }
  }

  private mutating func appendDict(_ dict: DictObject) throws(Fault) {
    var members = Array(zip(dict.keys, dict.values))
    if json?.sortsKeys == true { members = try renderer.sorted(members) { $0.0 } }
    try appendGroup(members.count, "{", "}") { writer, index throws(Fault) in
      try writer.appendKey(members[index].0)
      writer.bytes += writer.json?.keySeparator.bytes ?? Array(": ".utf8)
      try writer.append(members[index].1)
    }
  }

  /// Writes brackets and what is in them; in JSON with indentation, each on a line of its own.
  private mutating func appendGroup(
    _ count: Int, _ open: String, _ close: String,
    _ appendItem: (inout ValueText, Int) throws(Fault) -> Void
  ) throws(Fault) {
    try renderer.enter()
    defer { renderer.leave() }
    bytes.append(open)
    level += 1
    for index in 0..<count {
      if index > 0 { bytes += json?.itemSeparator.bytes ?? Array(", ".utf8) }
      appendLine()
      try appendItem(&self, index)
    }
    level -= 1
    if count > 0 { appendLine() }
    bytes.append(close)
  }

  private mutating func appendLine() {
    guard let indent = json?.indent else { return }
    bytes.append("\n")
    for _ in 0..<level { bytes += indent.bytes }
  }

  /// In JSON all keys are strings.
  private mutating func appendKey(_ key: Value) throws(Fault) {
    switch key {
    case .null, .bool, .int, .large, .double:
      if json != nil { bytes.append("\"") }
      try append(key)
      if json != nil { bytes.append("\"") }
    default: try append(key)
    }
  }

  // MARK: Strings

  private mutating func appendQuoted(_ text: Text) throws(Fault) {
    try renderer.charge(work: text.bytes.count)
    guard let json else { return bytes.append(Value.repr(of: text.string)) }
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
        if scalar.value < 0x20 || (json.ensuresASCII && scalar.value > 0x7E) {
          for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            bytes.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
          }
        } else {
          bytes.append(scalar)
        }
      }
    }
    bytes.append("\"")
  }
}

extension Renderer {
  /// The value as it stands in the rendered text.
  func string(_ value: Value) throws(Fault) -> Text {
    switch value {
    case .string(let text), .markup(let text): text
    case .undefined: .empty
    default: try ValueText.of(value, self)
    }
  }
}

extension Value {
  /// A string in quotes, as Python's `repr` spells it.
  static func repr(of string: String) -> String {
    let quote: Unicode.Scalar =
      string.unicodeScalars.contains("'") && !string.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case quote: result += "\\" + String(quote)
      default:
        if scalar.isPythonPrintable {
          result.unicodeScalars.append(scalar)
        } else {
          result += scalar.hexEscape
        }
      }
    }
    return result + String(quote)
  }

  /// A value in a message: strings and numbers as they are, others by their type.
  var shortRepr: String {
    switch self {
    case .string(let text), .markup(let text): Value.repr(of: text.string)
    case .int(let value): String(value)
    case .large(let value): value.description
    case .double(let value): FloatText.repr(value)
    case .bool(let value): value ? "True" : "False"
    case .null: "None"
    default: "<\(typeName)>"
    }
  }
}

extension Unicode.Scalar {
  /// The scalar as Python's backslash escape in hexadecimal: \xNN, \uNNNN or \UNNNNNNNN.
  var hexEscape: String {
    let digits = String(value, radix: 16)
    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
  }
}
