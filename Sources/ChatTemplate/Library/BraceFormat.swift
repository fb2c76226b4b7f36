/// Formatting with `str.format`, as in `"{} has {count:>4}".format(name, count=3)`.
struct BraceFormat {
  let renderer: Renderer
  let arguments: [Value]
  let keywords: DictObject
  let escapes: Bool
  /// The next place for `{}`; nil once a field has named its place.
  private var automatic: Int? = 0

  init(_ renderer: Renderer, _ arguments: [Value], _ keywords: DictObject, escapes: Bool) {
    self.renderer = renderer
    self.arguments = arguments
    self.keywords = keywords
    self.escapes = escapes
  }

  /// The text with its fields filled in; fields may stand in the specs of fields, once.
  mutating func apply(_ text: Text, depth: Int = 2) throws(Fault) -> Text {
    guard depth >= 0 else { throw .value("Max string recursion exceeded") }
    let format = text.scalars
    try renderer.charge(work: format.count)
    var bytes: [UInt8] = []
    var index = 0
    while index < format.count {
      let scalar = format[index]
      index += 1
      guard scalar == "{" || scalar == "}" else {
        bytes.append(scalar)
        continue
      }
      if index < format.count && format[index] == scalar {
        bytes.append(scalar)
        index += 1
        continue
      }
      if scalar == "}" { throw .value("Single '}' encountered in format string") }
      let field = try Self.field(format, &index)
      bytes.append(contentsOf: try filled(field, depth).bytes)
      if bytes.count > renderer.limits.valueBytes {
        throw .limit(.valueBytes, renderer.limits.valueBytes)
      }
    }
    try renderer.charge(bytes: bytes.count)
    return Text(bytes)
  }

  private static func field(
    _ format: [Unicode.Scalar], _ index: inout Int
  ) throws(Fault) -> [Unicode.Scalar] {
    let start = index
    var open = 1
    while index < format.count {
      if format[index] == "{" { open += 1 }
      if format[index] == "}" { open -= 1 }
      index += 1
      if open == 0 { return Array(format[start..<index - 1]) }
    }
    throw .value("expected '}' before end of string")
  }

  private mutating func filled(
    _ field: [Unicode.Scalar], _ depth: Int
  ) throws(Fault) -> Text {
    var isIndexing = false
    let end = field.firstIndex { scalar in
      if scalar == "[" { isIndexing = true }
      if scalar == "]" { isIndexing = false }
      return !isIndexing && (scalar == ":" || scalar == "!")
    }
    var rest = field[(end ?? field.count)...]
    var value = try value(Array(field[..<(end ?? field.count)]))
    if rest.first == "!" {
      guard let letter = rest.dropFirst().first else {
        throw .value("end of string while looking for conversion specifier")
      }
      rest = rest.dropFirst(2)
      guard rest.isEmpty || rest.first == ":" else {
        throw .value("expected ':' after conversion specifier")
      }
      switch letter {
      case "s": value = .string(try renderer.string(value))
      case "r": value = .string(try renderer.repr(value))
      case "a": value = .string(try renderer.repr(value).asciiEscaped)
      default: throw .value("Unknown conversion specifier \(letter)")
      }
    }
    let spec = try apply(Text(rest.dropFirst()), depth: depth - 1)
    if escapes { return try formattedForMarkup(value, spec) }
    return spec.isEmpty
      ? try renderer.string(value) : try FormatSpec(spec).format(value, renderer)
  }

  private func formattedForMarkup(_ value: Value, _ spec: Text) throws(Fault) -> Text {
    if case .markup(let text) = value {
      guard spec.isEmpty else { throw .value("Markup has no format specification") }
      return text
    }
    let text =
      spec.isEmpty ? try renderer.string(value) : try FormatSpec(spec).format(value, renderer)
    return try renderer.escapedHTML(text)
  }

  private mutating func value(_ name: [Unicode.Scalar]) throws(Fault) -> Value {
    let end = name.firstIndex { $0 == "." || $0 == "[" } ?? name.count
    var value = try argument(Text(name[..<end]))
    var index = end
    while index < name.count {
      let isAttribute = name[index] == "."
      guard isAttribute || name[index] == "[" else {
        throw .value("Only '.' or '[' may follow ']' in format field specifier")
      }
      let stop = name[(index + 1)...].firstIndex { scalar in
        isAttribute ? scalar == "." || scalar == "[" : scalar == "]"
      }
      guard isAttribute || stop != nil else { throw .value("Missing ']' in format string") }
      let part = Text(name[(index + 1)..<(stop ?? name.count)])
      guard !part.isEmpty else { throw .value("Empty attribute in format string") }
      index = (stop ?? name.count) + (isAttribute ? 0 : 1)
      if isAttribute {
        value = try renderer.attribute(AttributeName(part), of: value)
      } else {
        value = try renderer.item(part.decimalIndex.map(Value.int) ?? .string(part), of: value)
      }
    }
    return value
  }

  private mutating func argument(_ name: Text) throws(Fault) -> Value {
    if name.isEmpty {
      guard let index = automatic else {
        throw .value("cannot switch from manual field specification to automatic field numbering")
      }
      automatic = index + 1
      return try positional(index)
    }
    guard let index = name.decimalIndex else {
      guard let value = keywords[name] else {
        throw .value("KeyError: \(Value.repr(of: name.string))")
      }
      return value
    }
    if let automatic, automatic > 0 {
      throw .value("cannot switch from automatic field numbering to manual field specification")
    }
    automatic = nil
    return try positional(index)
  }

  private func positional(_ index: Int) throws(Fault) -> Value {
    guard index < arguments.count else {
      throw .value("Replacement index \(index) out of range for positional args tuple")
    }
    return arguments[index]
  }
}

extension Text {
  /// The number that the text spells with decimal digits only.
  var decimalIndex: Int? {
    !isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) } ? Int(string) : nil
  }
}
