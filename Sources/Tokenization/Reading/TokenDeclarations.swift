import JSONCore

/// What the files beside a `tokenizer.json` say of its tokens, put together as transformers does.
struct TokenDeclarations: Sendable {
  /// The named tokens, such as "bos_token", in the order in which they are added.
  private(set) var named: [(name: String, token: AddedToken)] = []
  /// Whether special tokens that are spelled in a text are text like any other.
  private(set) var splitsSpecialTokens = false
  /// More special tokens.
  private var extra: [AddedToken] = []
  /// Tokens and the places that they are sorted by.
  private var listed: [(index: Int, token: AddedToken)] = []
  /// Whether the tokens of `tokenizer.json` are listed, too, instead of those of their ids.
  private var isWithFile = false

  private static let commonNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Nothing.
  init() {}

  /// Reads the files; those but the config count only where that has no `added_tokens_decoder`.
  ///
  /// - Parameters:
  ///   - config: `tokenizer_config.json`.
  ///   - map: `special_tokens_map.json`.
  ///   - addedTokens: `added_tokens.json`.
  /// - Throws: where one of them holds values of wrong kinds.
  init(
    _ config: ConfigurationPart, map: ConfigurationPart?, addedTokens: ConfigurationPart?
  ) throws(TokenizerError) {
    splitsSpecialTokens = try config.bool("split_special_tokens", default: false)
    let decoder = try config.optional("added_tokens_decoder")
    let map = decoder == nil ? map : nil
    let plain = try readNames(config, map)
    let later = try readExtra(config, map)
    if let decoder {
      for (key, part) in try decoder.members() {
        guard let index = Int(key), index >= 0 else { throw part.wrong("under an id") }
        listed.append((index, try AddedToken(part)))
      }
    } else {
      isWithFile = true
      let special = Set((plain + extra).map { ExactText($0.content) })
      for (content, part) in try addedTokens?.members() ?? [] {
        let isSpecial = special.contains(ExactText(content))
        let token = try AddedToken(content, isSpecial: isSpecial, isNormalized: !isSpecial)
        let index = try part.number(upTo: TokenTable.idLimit)
        // Of several with one id the last counts.
        listed.removeAll { $0.index == index }
        listed.append((index, token))
      }
    }
    extra += later
    listed.sort { $0.index < $1.index }
  }

  /// The tokens to be added, in order, where a `tokenizer.json` has some already.
  func additions(to tokens: [AddedToken]) -> [AddedToken] {
    let names = Set(named.map { ExactText($0.token.content) })
    var listed = listed
    if isWithFile {
      // The file's own tokens are listed, too: the named ones of them become special.
      let taken = Set(tokens.map(\.id))
      listed = listed.filter { !taken.contains($0.index) } + tokens.map { ($0.id, $0) }
      listed.sort { $0.index < $1.index }
    }
    var additions = listed.map(\.token)
    let known = Set((tokens + additions).map { ExactText($0.content) })
    additions += (named.map(\.token) + extra).filter { !known.contains(ExactText($0.content)) }
    for index in additions.indices where names.contains(ExactText(additions[index].content)) {
      additions[index].makeSpecial()
    }
    return additions
  }

  // MARK: Reading

  /// Reads the named tokens; returns those that make tokens of `added_tokens.json` special: the
  /// common ones, unless the config gives them with flags.
  private mutating func readNames(
    _ config: ConfigurationPart, _ map: ConfigurationPart?
  ) throws(TokenizerError) -> [AddedToken] {
    var plain: [AddedToken] = []
    for name in Self.commonNames {
      // A name that the map has counts more, even where it is null there.
      let part = map?.value[name] == nil ? try config.optional(name) : try map?.optional(name)
      guard let token = try part.flatMap(Self.token) else { continue }
      named.append((name, token))
      if map?.value[name] != nil || part?.value.stringValue != nil { plain.append(token) }
    }
    for part in [map, config] {
      for (name, part) in try part?.members() ?? []
      where name.hasSuffix("_token") && !Self.commonNames.contains(name) {
        try setName(name, part)
      }
    }
    for part in [config, map] {
      guard let more = try part?.optional("extra_special_tokens"), more.value.objectValue != nil
      else { continue }
      for (name, part) in try more.members() { try setName(name, part) }
    }
    return plain
  }

  private mutating func setName(
    _ name: String, _ part: ConfigurationPart
  ) throws(TokenizerError) {
    guard let token = try Self.token(part) else { return }
    if let known = named.firstIndex(where: { $0.name == name }) {
      named[known].token = token
    } else {
      named.append((name, token))
    }
  }

  /// Reads the lists of more special tokens; returns those that come too late to make the tokens
  /// of `added_tokens.json` special.
  private mutating func readExtra(
    _ config: ConfigurationPart, _ map: ConfigurationPart?
  ) throws(TokenizerError) -> [AddedToken] {
    func tokens(_ part: ConfigurationPart?, _ key: String) throws(TokenizerError) -> [AddedToken] {
      guard let list = try part?.optional(key), list.value.arrayValue != nil else { return [] }
      var tokens: [AddedToken] = []
      for element in try list.elements() {
        if let token = try Self.token(element) { tokens.append(token) }
      }
      return tokens
    }
    // An object of names in the map takes the place of the config's list.
    if map?.value["extra_special_tokens"]?.objectValue == nil {
      extra = try tokens(config, "extra_special_tokens")
      if extra.isEmpty { extra = try tokens(config, "additional_special_tokens") }
      extra += try tokens(map, "extra_special_tokens")
      let lists = [
        config.value["extra_special_tokens"], config.value["additional_special_tokens"],
        map?.value["extra_special_tokens"],
      ]
      if lists.contains(where: { $0?.arrayValue != nil }) { return [] }
    }
    return try tokens(map, "additional_special_tokens")
  }

  /// A special token: a string, or an object with its content; nil for anything else.
  private static func token(_ part: ConfigurationPart) throws(TokenizerError) -> AddedToken? {
    if let content = part.value.stringValue { return try AddedToken(content, isSpecial: true) }
    return part.value["content"] == nil ? nil : try AddedToken(part, special: true)
  }
}
