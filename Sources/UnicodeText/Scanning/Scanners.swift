/// The known patterns, matched by hand in one pass and without backtracking.

/// The matches of Llama 3's pattern and its kin in a part of a text.
func scanWords<Rules: ScanRules>(
  _ rules: Rules.Type, _ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
) {
  let scanner = TextScanner(end: range.upperBound, word: Rules.word)
  let end = range.upperBound
  var start = range.lowerBound
  while start < end {
    let next = wordsMatchEnd(rules, scanner, text, start)
    body(start..<next)
    start = next
  }
}

@inline(__always)
private func wordsMatchEnd<Rules: ScanRules>(
  _ rules: Rules.Type, _ scanner: TextScanner, _ text: Span<UInt8>, _ start: Int
) -> Int {
  if text[start] == UInt8(ascii: "'") {
    let length = scanner.contraction(text, at: start, folding: true)
    if length > 0 { return start + length }
  }
  let (kind, length) = scanner.kind(text, at: start)
  let next = start + length
  switch kind {
  case .word: return scanner.wordEnd(text, from: next)
  case .number:
    return scanner.run(text, of: .number, from: next, limit: Rules.numbersPerMatch - 1)
  case .newline: return scanner.whiteEnd(text, from: start, newlines: true)
  case .white, .other: break
  }
  // One scalar of any other kind joins the word that follows it.
  let following = next < scanner.end ? scanner.kind(text, at: next) : (kind: .white, length: 0)
  if following.kind == .word { return scanner.wordEnd(text, from: next + following.length) }
  if kind == .other || text[start] == UInt8(ascii: " ") && following.kind == .other {
    let others = scanner.run(text, of: .other, from: next)
    return scanner.run(text, of: .newline, from: others)
  }
  return scanner.whiteEnd(text, from: start, newlines: true)
}

/// The matches of GPT-2's pattern in a part of a text.
func scanGPT2(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
  let scanner = TextScanner(end: range.upperBound, word: ScanCategories.letters)
  let end = range.upperBound
  var start = range.lowerBound
  while start < end {
    let next = gpt2MatchEnd(scanner, text, start)
    body(start..<next)
    start = next
  }
}

@inline(__always)
private func gpt2MatchEnd(_ scanner: TextScanner, _ text: Span<UInt8>, _ start: Int) -> Int {
  var next = start
  if text[start] == UInt8(ascii: "'") {
    let length = scanner.contraction(text, at: start, folding: false)
    if length > 0 { return start + length }
  } else if text[start] == UInt8(ascii: " "), start + 1 < scanner.end {
    next = start + 1
  }
  let (kind, length) = scanner.kind(text, at: next)
  switch kind {
  case .word: return scanner.wordEnd(text, from: next + length)
  case .number: return scanner.run(text, of: .number, from: next + length)
  case .other: return scanner.run(text, of: .other, from: next + length)
  case .white, .newline: return scanner.whiteEnd(text, from: start, newlines: false)
  }
}

/// The runs of scalars of a set, or its scalars one by one, in a part of a text.
func scan(
  _ set: ScalarSet, singly: Bool, _ text: Span<UInt8>, _ range: Range<Int>,
  _ body: (Range<Int>) -> Void
) {
  let end = range.upperBound
  var offset = range.lowerBound
  var start = offset
  while offset < end {
    let scalar = text.scalar(at: offset, before: end)
    if !set.contains(scalar.value) {
      if start < offset { body(start..<offset) }
      offset += scalar.length
      start = offset
      continue
    }
    offset += scalar.length
    if singly {
      body(start..<offset)
      start = offset
    }
  }
  if start < end { body(start..<end) }
}

/// The matches of `\w+|[^\w\s]+`, as Rust understands it, in a part of a text.
func scanWordsAndPunctuation(
  _ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
) {
  let end = range.upperBound
  let words = ScalarSet.wordScalars
  let white = ScalarSet.whiteSpace
  var start = range.lowerBound
  var offset = start
  var startsWord = false
  while offset < end {
    let scalar = text.scalar(at: offset, before: end)
    let isWord = words.contains(scalar.value)
    let isWhite = !isWord && white.contains(scalar.value)
    if start < offset, isWhite || isWord != startsWord {
      body(start..<offset)
      start = offset
    }
    offset += scalar.length
    startsWord = isWord
    if isWhite { start = offset }
  }
  if start < end { body(start..<end) }
}
