import ChatTemplate
import Diagnostics
import DogeArchitecture
import JSONCore
import ModelFile
import Tokenization
import UnicodeText

/// What the files beside a model's weights say about text.
public struct TextFiles: Sendable {
  private let files: SideFiles

  /// Opens what a path leads to; no weights are needed.
  ///
  /// - Parameter path: a folder, a folder of the hub's cache, or a `.kibble` file.
  /// - Throws: what is wrong with it; all errors are `Diagnosable`.
  public init(path: String) throws { files = try SideFiles(path: path) }

  /// Takes the files beside a model that is open already.
  public init(of source: ModelSource) { files = SideFiles(of: source) }

  /// Takes files that are open already.
  init(_ files: SideFiles) { self.files = files }

  /// The tokenizer.
  ///
  /// - Returns: what tokenizer.json describes, with the tokens that the files beside it add.
  /// - Throws: `TextFileError` where there is none or one of them is damaged, or what opening it
  ///   throws.
  public func tokenizer() throws -> Tokenizer {
    let name = BlobName.tokenizer
    guard let bytes = try files.bytes(of: name) else {
      throw TextFileError.missing(path: files.path, name: name)
    }
    let config = try tokenizerConfig()
    return try located(name) { try Tokenizer(json: bytes, config: config) }
  }

  /// The special tokens and templates of the tokenizer's config; none where there is no config.
  ///
  /// - Returns: what tokenizer_config.json, special_tokens_map.json and added_tokens.json say.
  /// - Throws: `TextFileError` where one of them is damaged.
  public func tokenizerConfig() throws -> TokenizerConfig {
    let config = try json(BlobName.tokenizerConfig) ?? [:]
    let map = try json(BlobName.specialTokensMap)
    let added = try json(BlobName.addedTokens)
    return try located(BlobName.tokenizerConfig) {
      try TokenizerConfig(json: config, specialTokensMap: map, addedTokens: added)
    }
  }

  /// The generation config, or what config.json says in its place; else transformers' defaults.
  ///
  /// - Parameter overrides: a caller's options, which count before the file's values.
  /// - Returns: how tokens are chosen.
  /// - Throws: `TextFileError` where the file is damaged, `GenerationError` for an option.
  public func generationConfig(
    _ overrides: GenerationOverrides = GenerationOverrides()
  ) throws -> GenerationConfig {
    let base = try GenerationConfig().applying(overrides)
    for name in [BlobName.generationConfig, BlobName.config] {
      guard let json = try json(name) else { continue }
      return try located(name) {
        try GenerationConfig(json: json, file: name, overrides: overrides)
      }
    }
    return base
  }

  /// The chat template.
  ///
  /// As transformers has it, `chat_template.jinja` and `additional_chat_templates/NAME.jinja` go
  /// before what `tokenizer_config.json` holds, and of several templates `tool_use` is taken where
  /// tools are given, else `default`.
  ///
  /// - Parameters:
  ///   - name: the template that is wanted; nil for the one that transformers takes.
  ///   - withTools: whether tools are given.
  /// - Returns: the template.
  /// - Throws: `TextFileError` where there is none or it is damaged.
  public func chatTemplate(named name: String? = nil, withTools: Bool) throws -> ChatTemplate {
    let templates = try chatTemplates()
    let wanted = name.map { [$0] } ?? (withTools ? ["tool_use", "default"] : ["default"])
    let found = wanted.lazy.compactMap { name in templates.first { $0.name == name } }.first
    guard let found else {
      throw TextFileError.noTemplate(
        path: files.path, name: name ?? "default", names: templates.map(\.name))
    }
    return try compile(found)
  }

  /// Reads and parses a chat template.
  func compile(_ template: NamedTemplate) throws -> ChatTemplate {
    try located(template.file) { try ChatTemplate(source: template.source()) }
  }

  /// A chat template and the file that it is in.
  public struct NamedTemplate {
    /// Its name.
    public let name: String
    let file: String
    let source: () throws -> String
  }

  /// All chat templates, the default one first where it is in a file of its own.
  ///
  /// - Throws: `TextFileError` where one of the files is damaged.
  public func chatTemplates() throws -> [NamedTemplate] {
    var paths = try files.templates().map { ($0, BlobName.path(ofTemplate: $0)) }
    if try files.bytes(of: BlobName.chatTemplate) != nil {
      paths.insert(("default", BlobName.chatTemplate), at: 0)
    }
    guard paths.isEmpty else {
      return paths.map { name, path in
        NamedTemplate(name: name, file: path) {
          let bytes = try files.bytes(of: path) ?? []
          if let offset = firstInvalidUTF8(bytes) {
            throw TokenizerError.invalidUTF8(offset: offset)
          }
          return String(decoding: bytes, as: UTF8.self)
        }
      }
    }
    return try tokenizerConfig().chatTemplates.map { template in
      NamedTemplate(name: template.name, file: BlobName.tokenizerConfig) { template.source }
    }
  }

  /// The id of the beginning-of-text token: the tokenizer's, else the config's.
  ///
  /// - Parameters:
  ///   - tokenizer: the tokenizer of these files.
  ///   - config: the model's config.
  /// - Returns: the id; nil where neither names one.
  /// - Throws: `TextFileError` where the tokenizer's config is damaged.
  public func beginningOfText(_ tokenizer: Tokenizer, _ config: DogeConfig) throws -> Int? {
    try tokenizerConfig().specialTokens["bos_token"].flatMap { tokenizer.id(of: $0) }
      ?? config.bosTokenIDs.first
  }

  /// A file of JSON as Python reads it.
  private func json(_ name: String) throws -> JSON? {
    guard let bytes = try files.bytes(of: name) else { return nil }
    return try located(name) { try JSON.parse(bytes, dialect: .python) }
  }

  /// Gives an error of a file's contents the file's path.
  private func located<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as any Diagnosable {
      let diagnostic = error.diagnostic
      guard diagnostic.path == nil else { throw error }
      throw TextFileError.bad(path: files.path(of: name), diagnostic)
    }
  }
}
