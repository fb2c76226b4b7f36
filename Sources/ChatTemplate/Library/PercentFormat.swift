/// Formatting with `%`, as in `"%s has %d" % (name, count)`.
struct PercentFormat {
  private let renderer: Renderer
  private let format: [Unicode.Scalar]
  /// Whether what is inserted is escaped for HTML.
  private let escapes: Bool
  private var index = 0
  private var bytes: [UInt8] = []
  private var arguments: [Value] = []
  private var mapping: DictObject?
  private var used = 0

  init(_ renderer: Renderer, _ format: Text, escapes: Bool) {
    self.renderer = renderer
    self.format = format.scalars
    self.escapes = escapes
  }

  /// The text with the value, or the values of a tuple or a mapping, in it.
  mutating func apply(_ value: Value) throws(Fault) -> Text {
    try renderer.charge(work: format.count)
    var allowsRest = false
    switch value {
    case .tuple(let object): arguments = object.items
    case .dict(let dict):
      (mapping, arguments, allowsRest) = (dict, [value], true)
    case .list, .range, .undefined: (arguments, allowsRest) = ([value], true)
    default: arguments = [value]
    }
    while index < format.count {
      let scalar = format[index]
      index += 1
      if scalar == "%" { try appendField() } else { bytes.append(scalar) }
    }
    if used < arguments.count && !allowsRest {
      throw .type("not all arguments converted during string formatting")
    }
    try renderer.charge(bytes: bytes.count)
    return Text(bytes)
  }

  private func peek() throws(Fault) -> Unicode.Scalar {
    guard index < format.count else { throw .value("incomplete format") }
    return format[index]
  }

  private mutating func next() throws(Fault) -> Unicode.Scalar {
    let scalar = try peek()
    index += 1
    return scalar
  }

  private mutating func argument() throws(Fault) -> Value {
    guard used < arguments.count else { throw .type("not enough arguments for format string") }
    defer { used += 1 }
    return arguments[used]
  }

  private mutating func appendField() throws(Fault) {
    var named: Value?
    if try peek() == "(" { named = try member() }
    var spec = FormatSpec()
    while let flag = try flag(&spec), flag { index += 1 }
    spec.width = try size() ?? 0
    if spec.width < 0 {
      spec.align = "<"
      spec.width = spec.width == Int.min ? Int.max : -spec.width
    }
    if try peek() == "." {
      index += 1
      spec.precision = max(0, try size() ?? 0)
    }
    while try ["h", "l", "L"].contains(peek()) { index += 1 }
    let type = try next()
    if type == "%" {
      bytes.append("%")
      return
    }
    let value: Value
    if let named { value = named } else { value = try argument() }
    try appendConverted(value, type, spec)
  }

  private mutating func member() throws(Fault) -> Value {
    guard let mapping else { throw .type("format requires a mapping") }
    index += 1
    let start = index
    var open = 1
    while open > 0 {
      switch try next() {
      case "(": open += 1
      case ")": open -= 1
      default: break
      }
    }
    let key = Text(format[start..<index - 1])
    guard let value = mapping[key] else { throw .value("KeyError: \(Value.repr(of: key.string))") }
    return value
  }

  private func flag(_ spec: inout FormatSpec) throws(Fault) -> Bool? {
    switch try peek() {
    case "-": spec.align = "<"
    case "+": spec.sign = "+"
    case " ": if spec.sign != "+" { spec.sign = " " }
    case "#": spec.isAlternate = true
    case "0": spec.isZeroPadded = true
    default: return nil
    }
    return true
  }

  private mutating func size() throws(Fault) -> Int? {
    if try peek() == "*" {
      index += 1
      guard let size = try argument().integer else { throw .type("* wants int") }
      return size
    }
    var digits = ""
    while case "0"..."9" = try peek() { digits.unicodeScalars.append(try next()) }
    if digits.isEmpty { return nil }
    guard let size = Int(digits) else { throw .value("width too big") }
    return size
  }

  private mutating func appendConverted(
    _ value: Value, _ type: Unicode.Scalar, _ spec: FormatSpec
  ) throws(Fault) {
    switch type {
    case "s", "r", "a":
      var text = type == "s" ? try renderer.string(value) : try renderer.repr(value)
      if type == "a" { text = text.asciiEscaped }
      if escapes && !value.isMarkup { text = try renderer.escapedHTML(text) }
      if let precision = spec.precision { text = text.slice(0, precision) }
      try append(spec.padded("", text, defaultAlign: ">", renderer))
    case "c":
      if let text = value.text, text.count == 1 {
        try append(spec.padded("", text, defaultAlign: ">", renderer))
      } else if let code = value.integer,
        let scalar = UInt32(exactly: code).flatMap(
          Unicode.Scalar.init)
      {
        try append(spec.padded("", Text([scalar]), defaultAlign: ">", renderer))
      } else {
        throw .type("%c requires int or char")
      }
    case "d", "i", "u", "x", "X", "o":
      try append(
        spec.integer(try integer(value, type), type == "i" || type == "u" ? "d" : type, renderer))
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.number else {
        if case .undefined(let object) = value { throw object.fault }
        throw .type("must be real number, not \(value.typeName)")
      }
      try append(spec.float(number, type, renderer))
    default: throw .value("unsupported format character '\(type)'")
    }
  }

  private func integer(_ value: Value, _ type: Unicode.Scalar) throws(Fault) -> Int {
    if let integer = value.integer { return integer }
    if case .double(let number) = value, "diu".unicodeScalars.contains(type) {
      return try Renderer.truncated(number)
    }
    if case .undefined(let object) = value { throw object.fault }
    throw .type("%\(type) format: a number is required, not \(value.typeName)")
  }

  private mutating func append(_ text: Text) throws(Fault) {
    bytes.append(contentsOf: text.bytes)
    if bytes.count > renderer.limits.valueBytes {
      throw .limit(.valueBytes, renderer.limits.valueBytes)
    }
  }
}

extension Text {
  /// The text with every scalar outside of ASCII spelled as an escape.
  var asciiEscaped: Text {
    if isASCII { return self }
    var bytes: [UInt8] = []
    for scalar in string.unicodeScalars {
      if scalar.isASCII { bytes.append(scalar) } else { bytes.append(scalar.hexEscape) }
    }
    return Text(bytes)
  }
}
