/// Builds the table of merges from their spellings.
struct MergeReader {
  private(set) var merges: MergeTable
  private let tokens: TokenTable
  private let alphabet = ByteAlphabet.bytes
  private var pair: [UInt8] = []
  /// What the merge before made: in most files the next one makes the next token.
  private var lastMerged = 0

  /// The rank of the next merge.
  var index: Int { merges.count }

  init(tokens: TokenTable) {
    self.tokens = tokens
    merges = MergeTable(capacity: tokens.count)
  }

  /// Adds a merge that is spelled "a b".
  mutating func add(_ text: Span<UInt8>, _ pair: Range<Int>) throws(TokenizerError) {
    // The first line of a `merges.txt`, which some converters took along.
    if text.begins(pair, with: "#version") { return }
    var space: Int?
    for offset in pair where text[offset] == UInt8(ascii: " ") {
      if space != nil { throw malformed(text, pair) }
      space = offset
    }
    guard let space else {
      throw malformed(text, pair)
    }
    try add(text, pair.lowerBound..<space, space + 1..<pair.upperBound)
  }

  private func malformed(_ text: Span<UInt8>, _ pair: Range<Int>) -> TokenizerError {
    let spelling = String(decoding: pair.map { text[$0] }, as: UTF8.self)
    return .malformedMerge(index: index, found: "'\(spelling)'")
  }

  /// Adds a merge of two spellings in a text.
  mutating func add(
    _ text: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>
  ) throws(TokenizerError) {
    guard !left.isEmpty, !right.isEmpty else {
      throw .malformedMerge(index: index, found: "an empty token")
    }
    guard index < MergeTable.limit else { throw .tooManyMerges(limit: MergeTable.limit) }
    pair.removeAll(keepingCapacity: true)
    if ByteAlphabet.decode(text, left, table: alphabet, into: &pair) {
      let middle = pair.count
      if ByteAlphabet.decode(text, right, table: alphabet, into: &pair),
        let (leftID, rightID, merged) = ids(of: pair.span, splitAt: middle)
      {
        return insert(leftID, rightID, merged)
      }
    }
    try addLiteral(text, left, right)
  }

  private func ids(of pair: Span<UInt8>, splitAt middle: Int) -> (Int, Int, Int)? {
    guard let left = tokens.id(of: pair, 0..<middle),
      let right = tokens.id(of: pair, middle..<pair.count),
      let merged = tokens.id(of: pair, 0..<pair.count, guess: lastMerged + 1)
    else { return nil }
    return (left, right, merged)
  }

  private mutating func insert(_ left: Int, _ right: Int, _ merged: Int) {
    merges.append(left, right, becoming: merged)
    lastMerged = merged
  }

  /// Adds a merge that is not in the byte alphabet, or says what is missing.
  private mutating func addLiteral(
    _ text: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>
  ) throws(TokenizerError) {
    func bytes(_ range: Range<Int>) -> [UInt8] { range.map { text[$0] } }
    func id(_ spelling: [UInt8]) throws(TokenizerError) -> Int {
      guard let id = tokens.id(spelled: spelling.span, 0..<spelling.count) else {
        throw .unknownTokenInMerge(
          index: index, token: String(decoding: spelling, as: UTF8.self))
      }
      return id
    }
    let leftID = try id(bytes(left))
    let rightID = try id(bytes(right))
    insert(leftID, rightID, try id(bytes(left) + bytes(right)))
  }
}

extension Span<UInt8> {
  fileprivate func begins(_ range: Range<Int>, with prefix: StaticString) -> Bool {
    let prefix = prefix.description.utf8
    return range.count >= prefix.count && zip(range, prefix).allSatisfy { self[$0] == $1 }
  }
}
