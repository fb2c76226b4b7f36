/// What Python's `str` and `repr` print.
extension Renderer {
  /// The value as it stands in the rendered text.
  func string(_ value: Value) throws(Fault) -> Text {
    switch value {
    case .string(let text), .markup(let text): return text
    case .undefined: return .empty
    case .int(let number): return Text(String(number))
    default:
      var bytes: [UInt8] = []
      try appendRepr(value, to: &bytes)
      return Text(bytes)
    }
  }

  /// The value as it stands inside of a printed list.
  func repr(_ value: Value) throws(Fault) -> Text {
    var bytes: [UInt8] = []
    try appendRepr(value, to: &bytes)
    return Text(bytes)
  }

  private func appendRepr(_ value: Value, to bytes: inout [UInt8]) throws(Fault) {
    try step()
    if bytes.count > limits.valueBytes { throw .limit(.valueBytes, limits.valueBytes) }
    switch value {
    case .undefined: bytes.append("Undefined")
    case .null: bytes.append("None")
    case .bool(let flag): bytes.append(flag ? "True" : "False")
    case .int(let number): bytes.append(String(number))
    case .double(let number): bytes.append(FloatText.repr(number))
    case .string(let text):
      try charge(work: text.bytes.count)
      bytes.append(Value.repr(of: text.string))
    case .markup(let text):
      bytes.append("Markup(" + Value.repr(of: text.string) + ")")
    case .list(let object): try appendItems(object.items, "[", "]", to: &bytes)
    case .tuple(let object):
      try appendItems(object.items, "(", object.items.count == 1 ? ",)" : ")", to: &bytes)
    case .dict(let dict): try appendMembers(dict, to: &bytes)
    case .view(let view):
      bytes.append(view.typeName + "(")
      try appendItems((0..<view.dict.count).map(view.item), "[", "]", to: &bytes)
      bytes.append(")")
    case .range(let range):
      let step = range.step == 1 ? "" : ", \(range.step)"
      bytes.append("range(\(range.start), \(range.stop)\(step))")
    case .namespace(let object): try appendNamespace(object, to: &bytes)
    case .macro(let macro):
      bytes.append("<Macro \(macro.definition.name.map { Value.repr(of: $0) } ?? "anonymous")>")
    case .loop(let loop):
      bytes.append("<LoopContext \(loop.index0 + 1)/\(try loop.length(self))>")
    case .iterator(let iterator): bytes.append("<\(iterator.name) object>")
    case .method(let object):
      let name = object.method.rawValue
      bytes.append("<built-in method \(name) of \(object.receiver.typeName) object>")
    case .function: bytes.append("<\(value.typeName) object>")
    }
  }

  private func appendItems(
    _ items: [Value], _ open: String, _ close: String, to bytes: inout [UInt8]
  ) throws(Fault) {
    try enter()
    defer { leave() }
    bytes.append(open)
    for (index, item) in items.enumerated() {
      if index > 0 { bytes.append(", ") }
      try appendRepr(item, to: &bytes)
    }
    bytes.append(close)
  }

  private func appendMembers(_ dict: DictObject, to bytes: inout [UInt8]) throws(Fault) {
    try enter()
    defer { leave() }
    bytes.append("{")
    for (index, key) in dict.keys.enumerated() {
      if index > 0 { bytes.append(", ") }
      try appendRepr(key, to: &bytes)
      bytes.append(": ")
      try appendRepr(dict.values[index], to: &bytes)
    }
    bytes.append("}")
  }

  /// Namespaces may hold themselves; what is being printed already isn't printed again.
  private func appendNamespace(
    _ object: NamespaceObject, to bytes: inout [UInt8]
  ) throws(Fault) {
    bytes.append("<Namespace ")
    if printing.contains(where: { $0 === object }) {
      bytes.append("{...}")
    } else {
      printing.append(object)
      try appendMembers(object.attributes, to: &bytes)
      printing.removeLast()
    }
    bytes.append(">")
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
