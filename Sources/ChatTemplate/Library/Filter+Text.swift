import UnicodeText

/// Filters that make text.
extension Renderer {
  func applyText(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .tojson: return try tojson(value, arguments)
    case .trim:
      let characters = try arguments.bound(["chars"])[0]
      let text = try string(value)
      try charge(work: text.bytes.count)
      return value.sameKind(text.stripped(characters: try Self.strippedSet(characters)))
    case .replace:
      let values = try arguments.bound(["old", "new", "count"], required: 2)
      let count = try values[2].flatMap { $0.isNull ? nil : $0 }?.requiredInteger("the count")
      let old = try string(values[0] ?? .null)
      let new = try string(values[1] ?? .null)
      return .string(try replaced(try string(value), old, new, count ?? -1))
    case .indent: return try indent(value, arguments)
    case .format:
      guard arguments.keywords.isEmpty else {
        throw .unsupported("a keyword argument of the filter 'format'")
      }
      return try percentFormatted(value, arguments.positional)
    default:
      _ = try arguments.unnamed(0...0)
      return try applyPlain(filter, value)
    }
  }

  /// Filters without arguments.
  private func applyPlain(_ filter: Filter, _ value: Value) throws(Fault) -> Value {
    let text = try string(value)
    try charge(bytes: text.bytes.count)
    try charge(work: text)
    switch filter {
    case .upper: return value.sameKind(text.uppercased)
    case .lower: return value.sameKind(text.lowercased)
    case .capitalize: return value.sameKind(text.capitalized)
    case .title: return .string(titled(text))
    case .safe: return .markup(text)
    case .escape: return value.isMarkup ? value : .markup(try escapedHTML(text))
    default: return value.sameKind(text)
    }
  }

  /// The characters that `strip` and `trim` take away; nil for whitespace.
  static func strippedSet(_ characters: Value?) throws(Fault) -> Text? {
    guard let characters, !characters.isNull else { return nil }
    return try characters.requiredText("strip arg")
  }

  /// Words begin after space, hyphens and opening brackets.
  private func titled(_ text: Text) -> Text {
    let separators: Set<Unicode.Scalar> = ["-", "(", "{", "[", "<"]
    var bytes: [UInt8] = []
    var rest = text.scalars[...]
    while let first = rest.first {
      let word = rest.prefix { !$0.isPythonSpace && !separators.contains($0) }
      bytes += Text([first]).uppercased.bytes
      bytes += Text(word.dropFirst()).lowercased.bytes
      rest = rest.dropFirst(max(1, word.count))
    }
    return Text(bytes)
  }

  /// The text with the characters escaped that mean something in HTML.
  func escapedHTML(_ text: Text) throws(Fault) -> Text {
    let escapes: KeyValuePairs<Text, Text> = [
      "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", "\"": "&#34;",
    ]
    let escaped = escapes.reduce(text) { $0.replacing($1.key, with: $1.value, limit: nil) }
    try charge(bytes: escaped.bytes.count)
    return escaped
  }

  /// The spaces, or other text, that an argument asks for to indent with.
  private func indentation(_ argument: Value, _ what: String) throws(Fault) -> Text {
    if let text = argument.text { return text }
    let count = max(0, try argument.requiredInteger(what))
    try charge(bytes: count)
    return Text(Array(repeating: UInt8(ascii: " "), count: count))
  }

  private func indent(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["width", "first", "blank"])
    guard let text = value.text else {
      if case .undefined(let fault) = value { throw fault }
      throw .type("indent needs a string, not \(value.typeName)")
    }
    var width = try indentation(values[0] ?? .int(4), "the width")
    if value.isMarkup, values[0]?.isMarkup != true { width = try escapedHTML(width) }
    let indentsBlank = values[2]?.isTrue ?? false
    let lines = (text + "\n").lines()
    try charge(product: lines.count, width.bytes.count)
    var bytes: [UInt8] = values[1]?.isTrue == true ? width.bytes : []
    for (index, line) in lines.enumerated() {
      if index > 0 {
        bytes.append("\n")
        if indentsBlank || !line.isEmpty { bytes += width.bytes }
      }
      bytes += line.bytes
    }
    try charge(bytes: bytes.count)
    return value.sameKind(Text(bytes))
  }

  private func tojson(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["ensure_ascii", "indent", "separators", "sort_keys"])
    var layout = JSONLayout(
      ensuresASCII: values[0]?.isTrue ?? false, sortsKeys: values[3]?.isTrue ?? false)
    if let given = values[1], !given.isNull {
      layout.indent = try indentation(given, "indent")
      layout.itemSeparator = ","
    }
    if let given = values[2], !given.isNull {
      let pair = try items(of: given)
      guard pair.count == 2 else { throw .value("separators must be a pair") }
      layout.itemSeparator = try pair[0].requiredText("a separator")
      layout.keySeparator = try pair[1].requiredText("a separator")
    }
    return try text(try ValueText.of(value, self, json: layout))
  }
}
