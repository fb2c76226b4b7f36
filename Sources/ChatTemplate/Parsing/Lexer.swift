import UnicodeText

/// Cuts a template into tokens and takes care of the whitespace around tags, as jinja2 does with
/// `trim_blocks` and `lstrip_blocks`: the line break after a block tag goes, and so does the
/// space before one on its line; `-` takes all whitespace, `+` none.
struct Lexer {
  let source: TemplateSource
  var index = 0
  private(set) var tokens: [Token] = []
  private var open: [(symbol: Symbol, place: Int)] = []

  var scalars: [Unicode.Scalar] { source.scalars }

  init(_ source: TemplateSource) { self.source = source }

  /// All tokens; the last is `.end`.
  mutating func tokenize() throws(TemplateError) -> [Token] {
    while index < scalars.count { try readText() }
    add(.end, at: scalars.count)
    return tokens
  }

  mutating func add(_ kind: Token.Kind, at place: Int) {
    tokens.append(Token(kind: kind, place: place))
  }

  func position(_ place: Int) -> TemplatePosition { source.position(of: place) }

  func starts(with text: StaticString, at place: Int) -> Bool {
    var place = place
    for scalar in text.description.unicodeScalars {
      guard place < scalars.count, scalars[place] == scalar else { return false }
      place += 1
    }
    return true
  }

  mutating func skipWhitespace() { index = afterWhitespace(index) }

  func afterWhitespace(_ place: Int) -> Int {
    var place = place
    while place < scalars.count && scalars[place].isPythonSpace { place += 1 }
    return place
  }

  // MARK: Text between tags

  /// Reads text up to the next tag, and the tag.
  private mutating func readText() throws(TemplateError) {
    let start = index
    guard let tag = nextTag(from: start) else {
      addData(start..<scalars.count)
      index = scalars.count
      return
    }
    let isVariable = starts(with: "{{", at: tag)
    let sign = sign(at: tag + 2)
    addData(trimmed(start..<tag, sign: sign, isVariable: isVariable))
    index = tag + 2 + (sign == nil ? 0 : 1)
    if starts(with: "{#", at: tag) {
      try skipComment(tag)
    } else if isVariable {
      add(.variableBegin, at: tag)
      try readTag(tag, isVariable: true)
    } else if let begin = rawBegin(tag) {
      index = begin
      try readRaw(tag)
    } else {
      add(.blockBegin, at: tag)
      try readTag(tag, isVariable: false)
    }
  }

  private func nextTag(from place: Int) -> Int? {
    var place = place
    while place + 1 < scalars.count {
      if scalars[place] == "{" {
        let next = scalars[place + 1]
        if next == "{" || next == "%" || next == "#" { return place }
      }
      place += 1
    }
    return nil
  }

  private func sign(at place: Int) -> Unicode.Scalar? {
    guard place < scalars.count else { return nil }
    return scalars[place] == "-" || scalars[place] == "+" ? scalars[place] : nil
  }

  private mutating func addData(_ range: Range<Int>) {
    if !range.isEmpty { add(.data(Text(scalars[range])), at: range.lowerBound) }
  }

  /// The text in front of a tag without the whitespace that the tag takes.
  private func trimmed(
    _ range: Range<Int>, sign: Unicode.Scalar?, isVariable: Bool
  ) -> Range<Int> {
    let start = range.lowerBound
    var end = range.upperBound
    if sign == "-" {
      while end > start && scalars[end - 1].isPythonSpace { end -= 1 }
      return start..<end
    }
    if sign == "+" || isVariable { return range }
    while end > start && scalars[end - 1] != "\n" {
      if !scalars[end - 1].isPythonSpace { return range }
      end -= 1
    }
    let isLineStart = end > start || start == 0 || scalars[start - 1] == "\n"
    return isLineStart ? start..<end : range
  }

  // MARK: Comments and raw blocks

  private mutating func skipComment(_ tag: Int) throws(TemplateError) {
    let start = index
    while index < scalars.count {
      if starts(with: "#}", at: index) {
        let sign = index > start ? scalars[index - 1] : " "
        index += 2
        finishBlock(sign)
        return
      }
      index += 1
    }
    throw .unterminated("comment", at: position(tag))
  }

  /// What follows the end of a block tag, depending on the sign in it.
  private mutating func finishBlock(_ sign: Unicode.Scalar) {
    if sign == "-" {
      skipWhitespace()
    } else if sign != "+" && starts(with: "\n", at: index) {
      index += 1
    }
  }

  /// The place after `{% raw %}`, if that stands here.
  private func rawBegin(_ tag: Int) -> Int? {
    var place = tag + 2 + (sign(at: tag + 2) == nil ? 0 : 1)
    place = afterWhitespace(place)
    guard starts(with: "raw", at: place) else { return nil }
    place = afterWhitespace(place + 3)
    if starts(with: "-%}", at: place) { return afterWhitespace(place + 3) }
    return starts(with: "%}", at: place) ? place + 2 : nil
  }

  private mutating func readRaw(_ tag: Int) throws(TemplateError) {
    let start = index
    var place = start
    while place < scalars.count {
      defer { place += 1 }
      guard starts(with: "{%", at: place) else { continue }
      let sign = sign(at: place + 2)
      var end = afterWhitespace(place + 2 + (sign == nil ? 0 : 1))
      guard starts(with: "endraw", at: end) else { continue }
      end = afterWhitespace(end + 6)
      let isSigned = end < scalars.count && (scalars[end] == "-" || scalars[end] == "+")
      guard starts(with: "%}", at: isSigned ? end + 1 : end) else { continue }
      addData(trimmed(start..<place, sign: sign, isVariable: false))
      index = (isSigned ? end + 1 : end) + 2
      finishBlock(isSigned ? scalars[end] : " ")
      return
    }
    throw .unterminated("raw block", at: position(tag))
  }

  // MARK: Inside of tags

  private mutating func readTag(_ tag: Int, isVariable: Bool) throws(TemplateError) {
    open = []
    while index < scalars.count {
      if open.isEmpty && readTagEnd(isVariable) { return }
      let scalar = scalars[index]
      if scalar.isPythonSpace {
        index += 1
      } else if ("0"..."9").contains(scalar) {
        try readNumber()
      } else if scalar.isNamePart {
        readName()
      } else if scalar == "'" || scalar == "\"" {
        try readString(scalar)
      } else {
        try readSymbol()
      }
    }
    throw .unterminated("tag", at: position(tag))
  }

  private mutating func readTagEnd(_ isVariable: Bool) -> Bool {
    let start = index
    if isVariable {
      if starts(with: "}}", at: start) {
        index += 2
      } else if starts(with: "-}}", at: start) {
        index += 3
        skipWhitespace()
      } else {
        return false
      }
      add(.variableEnd, at: start)
      return true
    }
    let sign = sign(at: start)
    guard starts(with: "%}", at: sign == nil ? start : start + 1) else { return false }
    index = (sign == nil ? start : start + 1) + 2
    finishBlock(sign ?? " ")
    add(.blockEnd, at: start)
    return true
  }

  private mutating func readName() {
    let start = index
    while index < scalars.count && scalars[index].isNamePart { index += 1 }
    var name = ""
    name.unicodeScalars.append(contentsOf: scalars[start..<index])
    add(.name(name), at: start)
  }

  private mutating func readSymbol() throws(TemplateError) {
    let start = index
    guard let symbol = Symbol(scalars[start], start + 1 < scalars.count ? scalars[start + 1] : nil)
    else { throw .unexpectedCharacter(String(scalars[start]), at: position(start)) }
    if let closing = symbol.closing {
      open.append((closing, start))
    } else if symbol.closes {
      let expected = open.popLast()?.symbol
      guard expected == symbol else {
        throw .unbalanced(symbol.rawValue, expected: expected?.rawValue, at: position(start))
      }
    }
    index += symbol.rawValue.unicodeScalars.count
    add(.symbol(symbol), at: start)
  }
}

extension Symbol {
  /// The longest symbol that two scalars begin with.
  init?(_ first: Unicode.Scalar, _ second: Unicode.Scalar?) {
    if let second {
      var pair = ""
      pair.unicodeScalars.append(first)
      pair.unicodeScalars.append(second)
      if let symbol = Symbol(rawValue: pair) {
        self = symbol
        return
      }
    }
    self.init(rawValue: String(first))
  }
}

extension Unicode.Scalar {
  /// Whether the scalar may stand in a name.
  var isNamePart: Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_"
      || ("0"..."9").contains(self)
  }
}
