import JSONCore

/// What a `tokenizer_config.json` says about special tokens and chat templates.
public struct TokenizerConfig: Sendable {
  /// The special tokens by name, such as "bos_token": every member "…_token" that is one.
  public let specialTokens: [String: String]
  /// The chat templates in order; a single one is named "default".
  public let chatTemplates: [(name: String, source: String)]
  /// Whether the file asks for a beginning-of-text token; nil if it does not say.
  public let addsBeginningToken: Bool?
  /// Whether the file asks for an end-of-text token; nil if it does not say.
  public let addsEndToken: Bool?

  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - json: the contents of `tokenizer_config.json`.
  ///   - specialTokensMap: the contents of `special_tokens_map.json`; as in transformers 5, it
  ///     counts only where the configuration has no `added_tokens_decoder`, and then more.
  /// - Throws: where the files are not JSON or hold values of wrong kinds.
  public init(json: [UInt8], specialTokensMap: [UInt8]? = nil) throws(TokenizerError) {
    let config = ConfigurationPart(value: try Self.parse(json), path: "")
    var tokens = try Self.tokens(in: config)
    if let extra = try config.optional("extra_special_tokens"), extra.value.objectValue != nil {
      tokens.merge(try Self.named(in: extra)) { $1 }
    }
    if let specialTokensMap, try config.optional("added_tokens_decoder") == nil {
      let map = ConfigurationPart(value: try Self.parse(specialTokensMap), path: "")
      tokens.merge(try Self.tokens(in: map)) { $1 }
    }
    specialTokens = tokens
    chatTemplates = try config.optional("chat_template").map(Self.templates) ?? []
    addsBeginningToken = try config.optional("add_bos_token")?.bool()
    addsEndToken = try config.optional("add_eos_token")?.bool()
  }

  private static func parse(_ bytes: [UInt8]) throws(TokenizerError) -> JSON {
    do { return try JSON.parse(bytes) } catch { throw .notJSON(error) }
  }

  /// The members "…_token"; a flag such as `add_bos_token` is none.
  private static func tokens(
    in part: ConfigurationPart
  ) throws(TokenizerError) -> [String: String] {
    try named(in: part).filter { $0.key.hasSuffix("_token") }
  }

  /// The members that are a token: a string, or an object with its content.
  private static func named(
    in part: ConfigurationPart
  ) throws(TokenizerError) -> [String: String] {
    guard let object = part.value.objectValue else { throw part.wrong("an object") }
    var tokens: [String: String] = [:]
    for member in object.members {
      tokens[member.key] = member.value.stringValue ?? member.value["content"]?.stringValue
    }
    return tokens
  }

  /// One template, or several as a list of names and templates or as an object.
  private static func templates(
    _ part: ConfigurationPart
  ) throws(TokenizerError) -> [(name: String, source: String)] {
    var templates: [(name: String, source: String)] = []
    switch part.value {
    case .string(let source):
      templates.append(("default", source))
    case .object(let object):
      for key in object.keys {
        templates.append((key, try part.required(key).string()))
      }
    case .array:
      for element in try part.elements() {
        templates.append(
          (try element.required("name").string(), try element.required("template").string()))
      }
    default:
      throw part.wrong("a string or a list of templates")
    }
    return templates
  }
}
