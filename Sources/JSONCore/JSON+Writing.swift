import Diagnostics

extension JSON {
  /// The value as JSON text; the same value always gives the same text.
  ///
  /// Members stand in their order and numbers in their spelling. Control characters are escaped,
  /// those above ASCII too, so that the text is safe on a terminal.
  ///
  /// - Parameter pretty: whether to break lines and indent by two spaces. Arrays that hold
  ///   neither arrays nor objects stay on one line.
  /// - Returns: the text, without a line break at its end.
  public func serialized(pretty: Bool = false) -> String {
    var writer = JSONWriter(pretty: pretty)
    writer.write(self)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

/// Collects the text of a value.
private struct JSONWriter {
  let pretty: Bool
  var output: [UInt8] = []
  private var indentation = 0

  init(pretty: Bool) { self.pretty = pretty }

  mutating func write(_ value: JSON) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    // Python's names of numbers that are not finite are no JSON.
    case .number(let number): append(number.isNamed ? "null" : number.text)
    case .string(let text): write(text)
    case .array(let elements): write(elements)
    case .object(let object): write(object)
    }
  }

  private mutating func write(_ elements: [JSON]) {
    let isFlat = elements.allSatisfy { $0.arrayValue == nil && $0.objectValue == nil }
    append("[")
    indentation += 1
    for (index, element) in elements.enumerated() {
      if index > 0 { append(pretty && isFlat ? ", " : ",") }
      if !isFlat { breakLine() }
      write(element)
    }
    indentation -= 1
    if !isFlat { breakLine() }
    append("]")
  }

  private mutating func write(_ object: JSONObject) {
    append("{")
    indentation += 1
    for (index, member) in object.members.enumerated() {
      if index > 0 { append(",") }
      breakLine()
      write(member.key)
      append(pretty ? ": " : ":")
      write(member.value)
    }
    indentation -= 1
    if !object.isEmpty { breakLine() }
    append("}")
  }

  private mutating func breakLine() {
    guard pretty else { return }
    append("\n")
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indentation))
  }

  private mutating func write(_ text: String) {
    append("\"")
    // 0xC2 leads U+0080 to U+00BF, and with them the control characters above ASCII.
    let isPlain = text.utf8.allSatisfy {
      $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F && $0 != 0xC2
    }
    if isPlain { append(text) } else { text.unicodeScalars.forEach { write($0) } }
    append("\"")
  }

  private mutating func write(_ scalar: UnicodeScalar) {
    switch scalar {
    case "\"": append("\\\"")
    case "\\": append("\\\\")
    case "\n": append("\\n")
    case "\r": append("\\r")
    case "\t": append("\\t")
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
      append("\\u" + hexadecimal(scalar.value, digits: 4))
    default: append(String(scalar))
    }
  }

  private mutating func append(_ text: String) {
    output.append(contentsOf: text.utf8)
  }
}
