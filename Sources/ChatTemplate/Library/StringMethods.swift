/// Python's methods of strings.
extension Renderer {
  func callString(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch method {
    case .capitalize, .casefold, .lower, .swapcase, .title, .upper:
      _ = try arguments.unnamed(0...0)
      try charge(bytes: text.bytes.count)
      return value.sameKind(Self.changedCase(method, text))
    case .strip, .lstrip, .rstrip:
      let characters = try arguments.unnamed(0...1)[0].flatMap { $0.isNull ? nil : $0 }
      let set = try characters.map { value throws(Fault) in try value.requiredText("strip arg") }
      return value.sameKind(
        text.stripped(
          left: method != .rstrip, right: method != .lstrip, characters: set))
    case .split, .rsplit: return try split(method, value, text, arguments)
    case .splitlines:
      let keeps = try arguments.bound(["keepends"])[0]?.isTrue ?? false
      return try list(text.lines(keepingEnds: keeps).map(value.sameKind))
    case .partition, .rpartition: return try partition(method, value, text, arguments)
    case .startswith, .endswith: return .bool(try hasAffix(method, text, arguments))
    case .find, .rfind, .index, .rindex, .count:
      return .int(try find(method, text, arguments))
    case .replace: return try replace(value, text, arguments)
    case .join: return try join(value, text, arguments)
    case .removeprefix, .removesuffix:
      let affix = try (arguments.unnamed(1...1)[0] ?? .null).requiredText("the argument")
      if method == .removeprefix, !affix.isEmpty, text.hasPrefix(affix) {
        return value.sameKind(Text(text.bytes[affix.bytes.count...]))
      }
      if method == .removesuffix, !affix.isEmpty, text.hasSuffix(affix) {
        return value.sameKind(Text(text.bytes.dropLast(affix.bytes.count)))
      }
      return value
    case .center, .ljust, .rjust, .zfill, .expandtabs:
      return try pad(method, value, text, arguments)
    case .format:
      var format = BraceFormat(
        self, arguments.positional, try arguments.keywordDict(), escapes: value.isMarkup)
      return value.sameKind(try format.apply(text))
    case .formatMap:
      guard case .dict(let dict)? = try arguments.unnamed(1...1)[0] else {
        throw .type("format_map() needs a mapping")
      }
      var format = BraceFormat(self, [], dict, escapes: value.isMarkup)
      return value.sameKind(try format.apply(text))
    default:
      if let answer = Self.predicate(method, text) {
        _ = try arguments.unnamed(0...0)
        return .bool(answer)
      }
      throw .unsupported("the method '\(method.rawValue)' of str")
    }
  }

  private static func changedCase(_ method: Method, _ text: Text) -> Text {
    switch method {
    case .capitalize: text.capitalized
    case .casefold: text.casefolded
    case .lower: text.lowercased
    case .swapcase: text.caseSwapped
    case .title: text.titlecased
    default: text.uppercased
    }
  }

  private func split(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let values = try arguments.bound(["sep", "maxsplit"])
    let count = try values[1]?.requiredInteger("maxsplit") ?? -1
    let limit = count < 0 ? nil : count
    let isForward = method == .split
    try charge(bytes: text.bytes.count * 2)
    guard let separator = values[0], !separator.isNull else {
      let words = isForward ? text.words(limit: limit) : text.wordsFromEnd(limit: limit)
      return try list(words.map(value.sameKind))
    }
    let between = try separator.requiredText("the separator")
    if between.isEmpty { throw .value("empty separator") }
    let pieces =
      isForward
      ? text.split(by: between, limit: limit) : text.splitFromEnd(by: between, limit: limit)
    return try list(pieces.map(value.sameKind))
  }

  private func partition(
    _ method: Method, _ value: Value, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let separator = try (arguments.unnamed(1...1)[0] ?? .null).requiredText("the separator")
    if separator.isEmpty { throw .value("empty separator") }
    try charge(bytes: text.bytes.count)
    let isForward = method == .partition
    let place = isForward ? text.firstIndex(of: separator) : text.lastIndex(of: separator)
    guard let place else {
      let parts = isForward ? [text, .empty, .empty] : [.empty, .empty, text]
      return .tuple(parts.map(value.sameKind))
    }
    let end = place + separator.bytes.count
    return .tuple(
      [Text(text.bytes[..<place]), separator, Text(text.bytes[end...])].map(value.sameKind))
  }

  private func hasAffix(
    _ method: Method, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Bool {
    let values = try arguments.unnamed(1...3)
    guard let range = try Self.range(values[1], values[2], text) else { return false }
    let part = range == 0..<text.count ? text : text.slice(range.lowerBound, range.upperBound)
    let given = values[0] ?? .null
    var affixes = [given]
    if case .tuple(let object) = given { affixes = object.items }
    for affix in affixes {
      let affix = try affix.requiredText("\(method.rawValue) first arg")
      if method == .startswith ? part.hasPrefix(affix) : part.hasSuffix(affix) { return true }
    }
    return false
  }

  /// The scalars from a start to an end, both of which may count from the end of the text; nil
  /// if the start lies beyond.
  private static func range(
    _ start: Value?, _ end: Value?, _ text: Text
  ) throws(Fault) -> Range<Int>? {
    func index(_ value: Value?, _ missing: Int) throws(Fault) -> Int {
      guard let value, !value.isNull else { return missing }
      let index = try value.requiredInteger("a slice index")
      return index < 0 ? max(0, index &+ text.count) : index
    }
    let first = try index(start, 0)
    let last = min(try index(end, text.count), text.count)
    return first <= last ? first..<last : nil
  }

  private func find(
    _ method: Method, _ text: Text, _ arguments: Arguments
  ) throws(Fault) -> Int {
    let values = try arguments.unnamed(1...3)
    let needle = try (values[0] ?? .null).requiredText("the argument")
    let range = try Self.range(values[1], values[2], text)
    let start = range.map { text.offset(ofScalar: $0.lowerBound) } ?? 0
    let end = range.map { text.offset(ofScalar: $0.upperBound) } ?? 0
    if method == .count {
      guard range != nil else { return 0 }
      let part = Text(text.bytes[start..<end])
      return needle.isEmpty ? part.count + 1 : part.indices(of: needle).count
    }
    let isForward = method == .find || method == .index
    let place =
      range == nil
      ? nil
      : isForward
        ? text.firstIndex(of: needle, from: start, to: end)
        : text.lastIndex(of: needle, from: start, to: end)
    if let place { return text.scalarIndex(ofByte: place) }
    if method == .index || method == .rindex { throw .value("substring not found") }
    return -1
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
    let places = old.isEmpty ? text.count + 1 : text.indices(of: old, limit: limit).count
    try charge(product: min(places, limit ?? places), new.bytes.count)
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
      if value.isMarkup {
        bytes += item.isMarkup ? item.text?.bytes ?? [] : try escapedHTML(string(item)).bytes
      } else if let text = item.text {
        bytes += text.bytes
      } else {
        throw .type("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      if bytes.count > limits.valueBytes { throw .limit(.valueBytes, limits.valueBytes) }
    }
    try charge(bytes: bytes.count)
    return value.sameKind(Text(bytes))
  }
}
