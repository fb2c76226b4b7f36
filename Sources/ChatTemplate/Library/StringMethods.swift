/// Python's methods of strings.
extension Renderer {
  func callString(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method.name {
    case "capitalize", "lower", "title", "upper":
      _ = try arguments.unnamed(0...0)
      try charge(bytes: text.bytes.count)
      return value.sameKind(Self.changedCase(method.name, text))
    case "strip", "lstrip", "rstrip":
      let characters = try Self.strippedSet(try arguments.unnamed(0...1)[0])
      return value.sameKind(
        text.stripped(
          left: method.name != "rstrip", right: method.name != "lstrip", characters: characters))
    case "split", "rsplit": return try split(method, value, text, arguments)
    case "splitlines":
      guard try arguments.bound(["keepends"])[0] == nil else {
        throw .unsupported("the argument of 'splitlines'")
      }
      return try list(text.lines().map(value.sameKind))
    case "startswith", "endswith": return .bool(try hasAffix(method, text, arguments))
    case "replace": return try replace(value, text, arguments)
    case "join": return try join(value, text, arguments)
    case "format": return try braceFormatted(value, arguments)
    default: throw .unsupported("the method '\(method.name)' of str")
    }
  }

  private static func changedCase(_ method: String, _ text: Text) -> Text {
    switch method {
    case "capitalize": text.capitalized
    case "lower": text.lowercased
    case "title": text.titlecased
    default: text.uppercased
    }
  }

  private func split(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let values = try arguments.bound(["sep", "maxsplit"])
    let count = try values[1]?.requiredInteger("maxsplit") ?? -1
    let limit = count < 0 ? nil : count
    let isForward = method.name == "split"
    try charge(bytes: text.bytes.count * 2)
    guard let separator = values[0], !separator.isNull else {
      guard limit == nil else { throw .unsupported("a limit for the words of a split") }
      return try list(text.words().map(value.sameKind))
    }
    let between = try separator.requiredText("the separator")
    if between.isEmpty { throw .value("empty separator") }
    let pieces =
      isForward
      ? text.split(by: between, limit: limit) : text.splitFromEnd(by: between, limit: limit)
    return try list(pieces.map(value.sameKind))
  }

  private func hasAffix(
    _ method: Method, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Bool {
    let values = try arguments.unnamed(1...3)
    guard values[1] == nil else {
      throw .unsupported("a start or an end in '\(method.name)'")
    }
    let given = values[0] ?? .null
    var affixes = [given]
    if case .tuple(let object) = given { affixes = object.items }
    for affix in affixes {
      let affix = try affix.requiredText("\(method.name) first arg")
      if method.name == "startswith" ? text.hasPrefix(affix) : text.hasSuffix(affix) { return true }
    }
    return false
  }

  private func replace(
    _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let values = try arguments.unnamed(2...3)
    let old = try (values[0] ?? .null).requiredText("replace() argument 1")
    var new = try (values[1] ?? .null).requiredText("replace() argument 2")
    if value.isMarkup, values[1]?.isMarkup == false { new = try escapedHTML(new) }
    let count = try values[2]?.requiredInteger("the count") ?? -1
    return value.sameKind(try replaced(text, old, new, count))
  }

  /// Replaces a text by another; the result is checked before it is made.
  func replaced(_ text: Text, _ old: Text, _ new: Text, _ count: Int) throws(Fault) -> Text {
    try charge(work: text.bytes.count)
    let limit = count < 0 ? nil : count
    guard !old.isEmpty else { throw .unsupported("replacing an empty text") }
    let places = text.indices(of: old, limit: limit).count
    try charge(product: places, new.bytes.count)
    try charge(bytes: text.bytes.count)
    return text.replacing(old, with: new, limit: limit)
  }

  private func join(
    _ value: Value, _ separator: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let items = try items(of: try arguments.unnamed(1...1)[0] ?? .null)
    var bytes: [UInt8] = []
    for (index, item) in items.enumerated() {
      if index > 0 { bytes += separator.bytes }
      var text = value.isMarkup ? try string(item) : item.text
      if value.isMarkup, !item.isMarkup { text = try text.map(escapedHTML) }
      guard let text else {
        throw .type("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      try append(text, to: &bytes)
    }
    try charge(bytes: bytes.count)
    return value.sameKind(Text(bytes))
  }
}
