import JSONCore
import UnicodeText

/// The added tokens of a tokenizer, and where they are in a text.
struct AddedVocabulary: Sendable {
  private(set) var tokens: [AddedToken] = []
  /// Looked for in the text as it is given; the values are positions in `tokens`.
  private var given = TokenTrie()
  /// Looked for in the normalized text.
  private var normalized = TokenTrie()
  /// Positions in `tokens` by id, ascending.
  private var byID: [(id: Int, position: Int)] = []
  private var byContent: [[UInt8]: Int] = [:]
  /// Whether special tokens are text like any other.
  private let splitsSpecialTokens: Bool

  /// Reads the `added_tokens` of a file, and adds those that files beside it declare.
  ///
  /// Ids follow from the order of the tokens, as in the `tokenizers` library: a token of the
  /// vocabulary keeps its id, others get the next free one. A file that states something else
  /// is refused, since its two readings would give two texts.
  init(
    _ part: ConfigurationPart?, _ declarations: TokenDeclarations, vocabulary: TokenTable,
    normalizer: Normalizer
  ) throws(TokenizerError) {
    splitsSpecialTokens = declarations.splitsSpecialTokens
    var next = vocabulary.count
    for element in try part?.elements() ?? [] {
      let token = try AddedToken(element)
      // The library leaves these out, too.
      if token.content.isEmpty { continue }
      let stated = try element.required("id").number(upTo: TokenTable.idLimit)
      guard byContent[Array(token.content.utf8)] == nil else {
        throw .duplicateToken(token.content)
      }
      try add(token, stated: stated, vocabulary, &next)
    }
    for token in declarations.additions(to: tokens) where !token.content.isEmpty {
      if let position = byContent[Array(token.content.utf8)] {
        tokens[position].takeFlags(of: token)
      } else {
        try add(token, stated: nil, vocabulary, &next)
      }
    }
    for position in tokens.indices { try makeFindable(position, normalizer) }
    byID = tokens.enumerated().map { ($1.id, $0) }.sorted { $0.id < $1.id }
  }

  private mutating func add(
    _ token: AddedToken, stated: Int?, _ vocabulary: TokenTable, _ next: inout Int
  ) throws(TokenizerError) {
    let content = Array(token.content.utf8)
    let known = vocabulary.id(spelled: content.span, 0..<content.count)
    let assigned = known ?? next
    if let stated, stated != assigned {
      throw .misplacedAddedToken(token: token.content, stated: stated, assigned: assigned)
    }
    guard known != nil || !vocabulary.contains(assigned) else {
      throw .duplicateID(assigned, token: token.content)
    }
    next = max(next, assigned + 1)
    byContent[content] = tokens.count
    tokens.append(token)
    tokens[tokens.count - 1].id = assigned
  }

  private mutating func makeFindable(
    _ position: Int, _ normalizer: Normalizer
  ) throws(TokenizerError) {
    let token = tokens[position]
    let content = Array(token.content.utf8)
    if token.isNormalized || token.isSpelledNormalized {
      tokens[position].normalizedContent = try normalizer.apply(
        to: AlignedText(content), limit: Normalizer.growthLimit(content.count)
      ).bytes
    }
    let isNew =
      token.isNormalized
      ? normalized.insert(tokens[position].normalizedContent, value: position)
      : given.insert(content, value: position)
    guard isNew else { throw .indistinctAddedToken(token: token.content) }
  }

  /// The greatest id plus one.
  var idBound: Int { (byID.last?.id ?? -1) + 1 }

  /// The added token of an id.
  func token(_ id: Int) -> AddedToken? {
    var low = 0
    var high = byID.count
    while low < high {
      let middle = (low + high) / 2
      if byID[middle].id < id { low = middle + 1 } else { high = middle }
    }
    guard low < byID.count, byID[low].id == id else { return nil }
    return tokens[byID[low].position]
  }

  /// The added token of that content.
  func token(_ content: [UInt8]) -> AddedToken? { byContent[content].map { tokens[$0] } }

  /// Splits a part of a text at the tokens that are looked for before normalization.
  ///
  /// Where `isPlain` is true special tokens are text like any other.
  func splitGiven(
    _ text: [UInt8], _ range: Range<Int>, _ isPlain: (Range<Int>) -> Bool,
    _ body: (Range<Int>, Int?) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    try split(text, range, given, isPlain, body)
  }

  /// Splits a part of a text at the tokens that are looked for after normalization.
  func splitNormalized(
    _ text: [UInt8], _ range: Range<Int>, _ isPlain: (Range<Int>) -> Bool,
    _ body: (Range<Int>, Int?) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    try split(text, range, normalized, isPlain, body)
  }

  private func split(
    _ text: [UInt8], _ range: Range<Int>, _ trie: TokenTrie, _ isPlain: (Range<Int>) -> Bool,
    _ body: (Range<Int>, Int?) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    var done = range.lowerBound
    var position = range.lowerBound
    let span = text.span
    while !trie.isEmpty, let match = trie.firstMatch(in: span, range, from: position) {
      position = match.range.upperBound
      let token = tokens[match.value]
      if token.isSpecial, splitsSpecialTokens || isPlain(match.range) { continue }
      if token.isSingleWord, span.isInsideWord(match.range, of: range) { continue }
      var start = match.range.lowerBound
      var end = match.range.upperBound
      if token.stripsLeft { start = max(done, span.startOfSpace(before: start, in: range)) }
      if token.stripsRight { end = span.endOfSpace(from: end, in: range) }
      // The token before has taken all of this one: the library drops it, or ends with a panic.
      guard start < end else { continue }
      if done < start { try body(done..<start, nil) }
      try body(start..<end, token.id)
      // White space taken by the token before may belong to this one, too.
      done = end
    }
    if done < range.upperBound { try body(done..<range.upperBound, nil) }
  }
}

extension Span<UInt8> {
  /// Whether a word goes on before or behind a place.
  fileprivate func isInsideWord(_ place: Range<Int>, of whole: Range<Int>) -> Bool {
    let words = ScalarSet.wordScalars
    if place.lowerBound > whole.lowerBound {
      let start = scalarStart(before: place.lowerBound, from: whole.lowerBound)
      if words.contains(scalar(at: start, before: place.lowerBound).value) { return true }
    }
    return place.upperBound < whole.upperBound
      && words.contains(scalar(at: place.upperBound, before: whole.upperBound).value)
  }

  fileprivate func startOfSpace(before end: Int, in whole: Range<Int>) -> Int {
    var start = end
    while start > whole.lowerBound {
      let previous = scalarStart(before: start, from: whole.lowerBound)
      guard ScalarSet.whiteSpace.contains(scalar(at: previous, before: start).value) else { break }
      start = previous
    }
    return start
  }

  fileprivate func endOfSpace(from start: Int, in whole: Range<Int>) -> Int {
    var end = start
    while end < whole.upperBound {
      let (value, length) = scalar(at: end, before: whole.upperBound)
      guard ScalarSet.whiteSpace.contains(value) else { break }
      end += length
    }
    return end
  }
}
