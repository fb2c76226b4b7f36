/// The names of `\p{…}` and `[[:…:]]`.
enum PatternProperty {
  /// The set of a name; nil if it isn't known.
  ///
  /// Case, spaces, hyphens and underscores of the name make no difference.
  static func expression(named name: String, inBrackets: Bool) -> PatternSet.Expression? {
    let key = name.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
    if let bits = categories[key] { return .categories(bits) }
    switch key {
    case "any": return .any
    case "han": return .han
    case "ascii": return .ranges([0...0x7F])
    case "space", "whitespace": return .whiteSpace
    case "digit": return .decimalDigits
    case "word": return inBrackets ? .bracketedWordScalars : .wordScalars
    case "xdigit": return .hexDigits
    case "blank": return .union([.categories(1 << 22), .scalar(0x09)])
    case "punct": return .categories(groups["p", default: 0] | groups["s", default: 0])
    default: return nil
    }
  }

  /// Categories by their short names, in the order of `CategoryTable`.
  private static let names = [
    "lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl", "no", "pc", "pd", "ps", "pe", "pi",
    "pf", "po", "sm", "sc", "sk", "so", "zs", "zl", "zp", "cc", "cf", "cs", "co", "cn",
  ]
  private static let longNames = [
    "letter": "l", "mark": "m", "combiningmark": "m", "number": "n", "punctuation": "p",
    "symbol": "s", "separator": "z", "other": "c", "uppercaseletter": "lu",
    "lowercaseletter": "ll", "titlecaseletter": "lt", "modifierletter": "lm", "otherletter": "lo",
    "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me", "decimalnumber": "nd",
    "letternumber": "nl", "othernumber": "no", "connectorpunctuation": "pc",
    "dashpunctuation": "pd", "openpunctuation": "ps", "closepunctuation": "pe",
    "initialpunctuation": "pi", "finalpunctuation": "pf", "otherpunctuation": "po",
    "mathsymbol": "sm", "currencysymbol": "sc", "modifiersymbol": "sk", "othersymbol": "so",
    "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp", "control": "cc",
    "cntrl": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co", "unassigned": "cn",
    "casedletter": "lc",
  ]

  private static let groups: [String: UInt32] = {
    var bits: [String: UInt32] = [:]
    for (number, name) in names.enumerated() {
      var bit: UInt32 = 1 << UInt32(number)
      if name == "cc" { bit |= 1 << 30 }  // control characters that are white space
      if name == "so" { bit |= 1 << 31 }  // symbols that are alphabetic
      bits[name] = bit
      bits[String(name.prefix(1)), default: 0] |= bit
    }
    bits["lc"] = 0b111
    return bits
  }()

  private static let categories: [String: UInt32] = {
    groups.merging(
      longNames.compactMap { long, short in groups[short].map { (long, $0) } }
    ) { short, _ in short }
  }()
}
