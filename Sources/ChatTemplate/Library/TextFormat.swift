/// The little that templates use of Python's ways to fill values into a text.
extension Renderer {
  /// `"%s=%s"|format(a, b)`; `%%` stands for a percent sign.
  func percentFormatted(_ format: Value, _ values: [Value]) throws(Fault) -> Value {
    let text = try formatText(format)
    var bytes: [UInt8] = []
    var used = 0
    var scalars = text.string.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        bytes.append(scalar)
        continue
      }
      switch scalars.next() {
      case "%": bytes.append(scalar)
      case "s":
        guard used < values.count else { throw .type("not enough arguments for format string") }
        try append(try string(values[used]), to: &bytes)
        used += 1
      case let type?: throw .unsupported("the format '%\(type)'")
      case nil: throw .value("incomplete format")
      }
    }
    guard used == values.count else {
      throw .type("not all arguments converted during string formatting")
    }
    return try self.text(Text(bytes))
  }

  /// `"{} {name} {name:d}".format(…)`; `{{` and `}}` stand for braces.
  func braceFormatted(_ format: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let scalars = try formatText(format).scalars
    var bytes: [UInt8] = []
    var index = 0
    var automatic = 0
    while index < scalars.count {
      let scalar = scalars[index]
      let isDoubled = index + 1 < scalars.count && scalars[index + 1] == scalar
      guard scalar == "{" || scalar == "}", !isDoubled else {
        bytes.append(scalar)
        index += scalar == "{" || scalar == "}" ? 2 : 1
        continue
      }
      guard scalar == "{", let end = scalars[index...].firstIndex(of: "}") else {
        throw .value("a single '\(scalar)' in a format string")
      }
      let field = Text(scalars[(index + 1)..<end])
      try append(try formatted(field, arguments, &automatic), to: &bytes)
      index = end + 1
    }
    return try text(Text(bytes))
  }

  private func formatText(_ format: Value) throws(Fault) -> Text {
    if format.isMarkup { throw .unsupported("formatting of text that is marked as safe") }
    let text = try string(format)
    try charge(work: text.bytes.count)
    return text
  }

  /// What stands for a field between braces: the next argument, or the one of that name.
  private func formatted(
    _ field: Text, _ arguments: Arguments, _ automatic: inout Int
  ) throws(Fault) -> Text {
    let isInteger = field.hasSuffix(":d")
    let name = isInteger ? field.slice(0, field.count - 2) : field
    guard name.bytes.allSatisfy({ !"!:.[{".utf8.contains($0) }), name.decimalIndex == nil else {
      throw .unsupported("the format '{\(field.string)}'")
    }
    var value = arguments.keyword(name.string)
    if name.isEmpty {
      let index = automatic
      automatic += 1
      value = index < arguments.positional.count ? arguments.positional[index] : nil
    }
    guard let value else {
      throw .value("no argument for '{\(field.string)}' in a format string")
    }
    if isInteger, !value.isLarge {
      return Text(String(try value.requiredInteger("the value for ':d'")))
    }
    return try string(value)
  }
}

extension Text {
  /// The number that the text spells with decimal digits only.
  var decimalIndex: Int? {
    !isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) } ? Int(string) : nil
  }
}
