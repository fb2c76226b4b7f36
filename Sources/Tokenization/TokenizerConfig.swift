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

  /// What the files say of the tokenizer's tokens.
  let declarations: TokenDeclarations

  /// Reads the configuration and what it is read with.
  ///
  /// - Parameters:
  ///   - json: `tokenizer_config.json`.
  ///   - specialTokensMap: `special_tokens_map.json`; as in transformers 5, it counts only where
  ///     the configuration has no `added_tokens_decoder`, and then more.
  ///   - addedTokens: `added_tokens.json`, which counts there, too.
  /// - Throws: where the files hold values of wrong kinds.
  public init(
    json: JSON, specialTokensMap: JSON? = nil, addedTokens: JSON? = nil
  ) throws(TokenizerError) {
    let config = ConfigurationPart(value: json, path: "")
    declarations = try TokenDeclarations(
      config,
      map: specialTokensMap.map { ConfigurationPart(value: $0, path: "special_tokens_map.json") },
      addedTokens: addedTokens.map { ConfigurationPart(value: $0, path: "added_tokens.json") })
    var tokens: [String: String] = [:]
    for (name, token) in declarations.named { tokens[name] = token.content }
    specialTokens = tokens
    chatTemplates = try config.optional("chat_template").map(Self.templates) ?? []
    addsBeginningToken = try config.optional("add_bos_token")?.bool()
    addsEndToken = try config.optional("add_eos_token")?.bool()
  }

  /// Reads the configuration from the contents of the files.
  ///
  /// - Throws: where the files are not JSON or hold values of wrong kinds.
  public init(
    json: [UInt8], specialTokensMap: [UInt8]? = nil, addedTokens: [UInt8]? = nil
  ) throws(TokenizerError) {
    func parse(_ bytes: [UInt8]?) throws(TokenizerError) -> JSON? {
      guard let bytes else { return nil }
      do { return try JSON.parse(bytes, dialect: .python) } catch { throw .notJSON(error) }
    }
    try self.init(
      json: parse(json) ?? nil, specialTokensMap: parse(specialTokensMap),
      addedTokens: parse(addedTokens))
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
