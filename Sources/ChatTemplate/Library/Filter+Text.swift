/// Filters that make text.
extension Renderer {
  func applyText(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch filter {
    case .tojson: return try tojson(value, arguments)
    case .trim:
      let chars = try arguments.bound(["chars"])[0].flatMap { $0.isNull ? nil : $0 }
      let set = try chars.map { value throws(Fault) in try value.requiredText("strip arg") }
      let text = try string(value)
      try charge(work: text.bytes.count)
      return value.sameKind(text.stripped(characters: set))
    case .replace:
      let values = try arguments.bound(["old", "new", "count"], required: 2)
      let count = try values[2].flatMap { $0.isNull ? nil : $0 }?.requiredInteger("the count")
      let old = try string(values[0] ?? .null)
      let new = try string(values[1] ?? .null)
      return .string(try replaced(try string(value), old, new, count ?? -1))
    case .indent: return try indent(value, arguments)
    case .truncate: return try truncate(value, arguments)
    case .format:
      if !arguments.keywords.isEmpty && !arguments.positional.isEmpty {
        throw .value("can't handle positional and keyword arguments at the same time")
      }
      var format = PercentFormat(self, try string(value), escapes: value.isMarkup)
      let values: Value =
        arguments.keywords.isEmpty
        ? .tuple(arguments.positional) : .dict(try arguments.keywordDict())
      return value.sameKind(try format.apply(values))
    case .center:
      let width = try arguments.bound(["width"])[0]?.requiredInteger("the width") ?? 80
      return value.sameKind(try padded(try string(value), width, " ", .center))
    case .filesizeformat: return try fileSize(value, arguments)
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
    case .string: return value.sameKind(text)
    case .safe: return .markup(text)
    case .escape: return value.isMarkup ? value : .markup(try escapedHTML(text))
    case .forceescape: return .markup(try escapedHTML(text))
    case .wordcount: return .int(Self.words(text))
    case .urlencode: return .string(try urlEncoded(value, text))
    default: return value
    }
  }

  /// Words begin after space, hyphens and opening brackets.
  private func titled(_ text: Text) -> Text {
    let separators: Set<Unicode.Scalar> = ["-", "(", "{", "[", "<"]
    var bytes: [UInt8] = []
    var word: [Unicode.Scalar] = []
    func flush() {
      guard let first = word.first else { return }
      bytes.append(contentsOf: Text([first]).uppercased.bytes)
      bytes.append(contentsOf: Text(word.dropFirst()).lowercased.bytes)
      word = []
    }
    for scalar in text.string.unicodeScalars {
      if scalar.isPythonSpace || separators.contains(scalar) {
        flush()
        bytes.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    flush()
    return Text(bytes)
  }

  private static func words(_ text: Text) -> Int {
    var count = 0
    var isInside = false
    for scalar in text.string.unicodeScalars {
      let isWord = scalar == "_" || scalar.isPythonAlphanumeric
      if isWord && !isInside { count += 1 }
      isInside = isWord
    }
    return count
  }

  private func indent(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["width", "first", "blank"])
    guard let text = value.text else {
      if case .undefined(let object) = value { throw object.fault }
      throw .type("indent needs a string, not \(value.typeName)")
    }
    let width: Text
    if let given = values[0]?.text {
      width = value.isMarkup && values[0]?.isMarkup == false ? try escapedHTML(given) : given
    } else {
      let count = try values[0]?.requiredInteger("the width") ?? 4
      try charge(bytes: max(0, count))
      width = Text(Array(repeating: UInt8(ascii: " "), count: max(0, count)))
    }
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

  private func truncate(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["length", "killwords", "end", "leeway"])
    let length = try values[0]?.requiredInteger("the length") ?? 255
    let end = try values[2]?.requiredText("the end") ?? "..."
    let leeway = try values[3].flatMap { $0.isNull ? nil : $0 }?.requiredInteger("the leeway") ?? 5
    guard length >= end.count, leeway >= 0 else {
      throw .value("expected length >= \(end.count) and leeway >= 0")
    }
    guard let count = knownLength(value) else {
      throw .type("object of type '\(value.typeName)' has no len()")
    }
    if count <= length || count - length <= leeway { return value }
    guard let text = value.text else {
      throw .type("truncate needs a string, not \(value.typeName)")
    }
    let part = text.slice(0, length - end.count)
    if values[1]?.isTrue == true { return value.sameKind(part + end) }
    let words = part.splitFromEnd(by: " ", limit: 1)
    return value.sameKind((words.first ?? .empty) + end)
  }

  private func fileSize(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let isBinary = try arguments.bound(["binary"])[0]?.isTrue ?? false
    guard case .double(let bytes)? = try Self.parsedFloat(value) else {
      throw .value("filesizeformat needs a number, not \(value.typeName)")
    }
    let base = isBinary ? 1024.0 : 1000.0
    if bytes == 1 { return .string("1 Byte") }
    if bytes < base { return .string("\(try Self.truncated(bytes)) Bytes") }
    var unit = base
    var letter: Character = "k"
    for next in "kMGTPEZY" {
      unit *= base
      letter = next
      if bytes < unit { break }
    }
    let prefix = isBinary ? "\(letter == "k" ? "K" : letter)iB" : "\(letter)B"
    return .string("\(FloatText.fixed(base * bytes / unit, 1)) \(prefix)")
  }

  private func urlEncoded(_ value: Value, _ text: Text) throws(Fault) -> Text {
    var pairs: [Value] = []
    switch value {
    case .dict(let dict):
      for (key, item) in zip(dict.keys, dict.values) { pairs.append(.tuple([key, item])) }
    case .list, .tuple, .view, .iterator: pairs = try items(of: value)
    default: return Self.quoted(text, keepsSlash: true)
    }
    var parts: [String] = []
    for pair in pairs {
      let items = try items(of: pair)
      guard items.count == 2 else { throw .value("urlencode needs pairs") }
      let key = Self.quoted(try string(items[0]), keepsSlash: false)
      let value = Self.quoted(try string(items[1]), keepsSlash: false)
      parts.append("\(key.string)=\(value.string)")
    }
    return Text(parts.joined(separator: "&"))
  }

  private static func quoted(_ text: Text, keepsSlash: Bool) -> Text {
    var bytes: [UInt8] = []
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "-"), UInt8(ascii: "~"):
        bytes.append(byte)
      case UInt8(ascii: "/") where keepsSlash: bytes.append(byte)
      case UInt8(ascii: " ") where !keepsSlash: bytes.append("+")
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        bytes.append("%" + (digits.count < 2 ? "0" : "") + digits)
      }
    }
    return Text(bytes)
  }

  private func tojson(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let values = try arguments.bound(["ensure_ascii", "indent", "separators", "sort_keys"])
    var indent: Text?
    if let text = values[1]?.text {
      indent = text
    } else if let given = values[1], !given.isNull {
      let count = max(0, try given.requiredInteger("indent"))
      try charge(bytes: count)
      indent = Text(Array(repeating: UInt8(ascii: " "), count: count))
    }
    var separators: (Text, Text)?
    if let given = values[2], !given.isNull {
      let pair = try items(of: given)
      guard pair.count == 2 else { throw .value("separators must be a pair") }
      separators = (
        try pair[0].requiredText("a separator"), try pair[1].requiredText("a separator")
      )
    }
    var writer = JSONText(indent: indent, separators: separators)
    writer.ensuresASCII = values[0]?.isTrue ?? false
    writer.sortsKeys = values[3]?.isTrue ?? false
    return .string(try writer.write(value, self))
  }
}
