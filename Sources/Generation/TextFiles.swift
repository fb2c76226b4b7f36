import ChatTemplate
import Diagnostics
import DogeArchitecture
import JSONCore
import ModelFile
import Tokenization

/// What the files beside a model's weights say about text.
public struct TextFiles: Sendable {
  private let files: SideFiles

  /// Opens what a path leads to; no weights are needed.
  ///
  /// - Parameter path: a folder, a folder of the hub's cache, or a `.kibble` file.
  /// - Throws: what is wrong with it; all errors are `Diagnosable`.
  public init(path: String) throws { files = try SideFiles(path: path) }

  /// The tokenizer.
  ///
  /// - Returns: what tokenizer.json describes.
  /// - Throws: `TextFileError` where there is none or it is damaged, or what opening it throws.
  public func tokenizer() throws -> Tokenizer {
    let name = BlobName.tokenizer
    guard let bytes = try files.bytes(of: name) else {
      throw TextFileError.missing(path: files.path, name: name)
    }
    return try located(name) { try Tokenizer(json: bytes) }
  }

  /// The special tokens and templates of the tokenizer's config; none where there is no config.
  ///
  /// - Returns: what tokenizer_config.json and special_tokens_map.json say.
  /// - Throws: `TextFileError` where one of them is damaged.
  public func tokenizerConfig() throws -> TokenizerConfig {
    let config = try files.bytes(of: BlobName.tokenizerConfig)
    let map = try files.bytes(of: BlobName.specialTokensMap)
    return try located(BlobName.tokenizerConfig) {
      try TokenizerConfig(json: config ?? Array("{}".utf8), specialTokensMap: map)
    }
  }

  /// The generation config, or what config.json says in its place; else transformers' defaults.
  ///
  /// - Returns: how the model's author wants tokens to be chosen.
  /// - Throws: `TextFileError` where the file is damaged.
  public func generationConfig() throws -> GenerationConfig {
    for name in [BlobName.generationConfig, BlobName.config] {
      guard let bytes = try files.bytes(of: name) else { continue }
      return try located(name) { try GenerationConfig(json: JSON.parse(bytes), file: name) }
    }
    return GenerationConfig()
  }

  /// The chat template.
  ///
  /// As transformers has it, `chat_template.jinja` goes before what `tokenizer_config.json` holds,
  /// and of several templates there `tool_use` is taken where tools are given.
  ///
  /// - Parameter withTools: whether tools are given.
  /// - Returns: the template.
  /// - Throws: `TextFileError` where there is none or it is damaged.
  public func chatTemplate(withTools: Bool) throws -> ChatTemplate {
    let name = BlobName.chatTemplate
    if let bytes = try files.bytes(of: name) {
      return try located(name) { try ChatTemplate(source: String(decoding: bytes, as: UTF8.self)) }
    }
    let templates = try tokenizerConfig().chatTemplates
    let wanted = withTools ? ["tool_use", "default"] : ["default"]
    guard
      let source = wanted.lazy.compactMap({ name in templates.first { $0.name == name } }).first
    else { throw TextFileError.missing(path: files.path, name: "chat template") }
    return try located(BlobName.tokenizerConfig) { try ChatTemplate(source: source.source) }
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
