import JSONCore

/// Reads the `model` of a `tokenizer.json` without building a tree of it: it holds hundreds of
/// thousands of strings.
struct BPEModelReader {
  /// The scanner, in front of the model; behind it once the model was read.
  var scanner: JSONScanner

  private var settings: [String: JSON] = [:]
  private var tokens: TokenTable?
  private var merges: MergeTable?
  /// Where the merges are if they come before the vocabulary.
  private var mergesAhead: JSONScanner?

  init(scanner: JSONScanner) { self.scanner = scanner }

  /// Reads the model.
  mutating func read(in bytes: RawSpan) throws(TokenizerError) -> BytePairModel {
    let first = try scanner.token(in: bytes)
    guard first == .beginObject else {
      throw .wrongField(path: "model", expected: "an object", found: kind(of: first))
    }
    while case .key(let key) = try scanner.token(in: bytes) { try readMember(key, in: bytes) }
    try checkType()
    guard let tokens else { throw .missingField(path: "model.vocab") }
    if let ahead = mergesAhead {
      let behind = scanner
      scanner = ahead
      merges = try readMerges(of: tokens, in: bytes)
      scanner = behind
    }
    guard let merges else { throw .missingField(path: "model.merges") }
    let model = BytePairModel(
      tokens: tokens, merges: merges, ignoresMerges: try flag("ignore_merges"))
    try checkSettings(model)
    return model
  }

  private mutating func readMember(
    _ key: JSONStringToken, in bytes: RawSpan
  ) throws(TokenizerError) {
    let name = try scanner.string(key, in: bytes)
    switch name {
    case "vocab" where tokens == nil:
      // Without a check of the type first, a Unigram model would be told off for its vocabulary.
      try checkType()
      tokens = try readVocabulary(in: bytes)
    case "merges" where merges == nil && mergesAhead == nil:
      if let tokens {
        merges = try readMerges(of: tokens, in: bytes)
      } else {
        mergesAhead = scanner
        try scanner.skip(in: bytes)
      }
    default:
      let value = try scanner.value(in: bytes)
      guard settings.updateValue(value, forKey: name) == nil, name != "vocab", name != "merges"
      else { throw scanner.duplicate(name, at: key, in: bytes) }
    }
  }

  // MARK: Vocabulary

  private mutating func readVocabulary(in bytes: RawSpan) throws(TokenizerError) -> TokenTable {
    let first = try scanner.token(in: bytes)
    guard first == .beginObject else {
      throw .wrongField(path: "model.vocab", expected: "an object", found: kind(of: first))
    }
    let source = Span<UInt8>(_bytes: bytes)
    var table = TokenTable()
    var spelling: [UInt8] = []
    let alphabet = ByteAlphabet.bytes
    while case .key(let key) = try scanner.token(in: bytes) {
      let id = try readID(of: key, in: bytes)
      let isNew: Bool
      if key.hasEscapes {
        spelling.removeAll(keepingCapacity: true)
        try scanner.append(key, in: bytes, to: &spelling)
        isNew = table.append(spelling.span, 0..<spelling.count, id: id, alphabet: alphabet)
      } else {
        isNew = table.append(source, key.range, id: id, alphabet: alphabet)
      }
      guard isNew else { throw .duplicateID(id, token: try scanner.string(key, in: bytes)) }
    }
    if let (id, _) = table.index() { throw .duplicateToken(table.spelling(id)) }
    return table
  }

  private mutating func readID(
    of key: JSONStringToken, in bytes: RawSpan
  ) throws(TokenizerError) -> Int {
    let value = try scanner.token(in: bytes)
    guard case .number(let range) = value else {
      throw .invalidID(
        token: try scanner.string(key, in: bytes), found: kind(of: value), limit: TokenTable.idLimit
      )
    }
    let source = Span<UInt8>(_bytes: bytes)
    var id = 0
    for offset in range {
      let digit = Int(source[offset]) - 0x30
      id = 10 * id + digit
      guard (0...9).contains(digit), id <= TokenTable.idLimit else {
        throw .invalidID(
          token: try scanner.string(key, in: bytes),
          found: scanner.number(of: range, in: bytes).text,
          limit: TokenTable.idLimit)
      }
    }
    return id
  }

  // MARK: Merges

  private mutating func readMerges(
    of tokens: TokenTable, in bytes: RawSpan
  ) throws(TokenizerError) -> MergeTable {
    let first = try scanner.token(in: bytes)
    guard first == .beginArray else {
      throw .wrongField(path: "model.merges", expected: "an array", found: kind(of: first))
    }
    let source = Span<UInt8>(_bytes: bytes)
    var reader = MergeReader(tokens: tokens)
    var spelling: [UInt8] = []
    while true {
      spelling.removeAll(keepingCapacity: true)
      switch try scanner.token(in: bytes) {
      case .endArray:
        return reader.merges
      case .string(let pair):
        if pair.hasEscapes {
          try scanner.append(pair, in: bytes, to: &spelling)
          try reader.add(spelling.span, 0..<spelling.count)
        } else {
          try reader.add(source, pair.range)
        }
      case .beginArray:
        guard case .string(let left) = try scanner.token(in: bytes),
          case .string(let right) = try scanner.token(in: bytes),
          try scanner.token(in: bytes) == .endArray
        else { throw .malformedMerge(index: reader.index, found: "an array of something else") }
        if left.hasEscapes || right.hasEscapes {
          try scanner.append(left, in: bytes, to: &spelling)
          let middle = spelling.count
          try scanner.append(right, in: bytes, to: &spelling)
          try reader.add(spelling.span, 0..<middle, middle..<spelling.count)
        } else {
          try reader.add(source, left.range, right.range)
        }
      case let other:
        throw .malformedMerge(index: reader.index, found: kind(of: other))
      }
    }
  }

  // MARK: Settings

  private func checkType() throws(TokenizerError) {
    guard let type = settings["type"] else { return }
    guard let name = type.stringValue else {
      throw .wrongField(path: "model.type", expected: "a string", found: type.kind)
    }
    guard name == "BPE" else { throw .unsupportedPart(path: "model", type: name) }
  }

  private func flag(_ name: String) throws(TokenizerError) -> Bool {
    guard let value = settings[name], !value.isNull else { return false }
    return try ConfigurationPart(value: value, path: "model." + name).bool()
  }

  private func checkSettings(_ model: BytePairModel) throws(TokenizerError) {
    if let dropout = settings["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw .unsupportedSetting(
        path: "model.dropout", found: dropout.numberValue?.text ?? dropout.kind,
        reason: "a tokenizer that draws lots is not supported")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard let value = settings[name], !value.isNull, value.stringValue != "" else { continue }
      throw .unsupportedSetting(
        path: "model." + name, found: value.stringValue.map { "'\($0)'" } ?? value.kind,
        reason: "marks inside the vocabulary are not supported")
    }
    guard model.missingSymbols > 0 else { return }
    if try flag("byte_fallback") {
      throw .incompleteAlphabet(missing: model.missingSymbols, setting: "byte_fallback")
    }
    if let unknown = settings["unk_token"], !unknown.isNull {
      throw .incompleteAlphabet(missing: model.missingSymbols, setting: "unk_token")
    }
  }

  private func kind(of token: JSONToken) -> String {
    switch token {
    case .beginObject: "an object"
    case .beginArray: "an array"
    case .string: "a string"
    case .number: "a number"
    case .bool: "a boolean"
    case .null: "null"
    case .key, .endObject, .endArray, .end: "nothing"
    }
  }
}
