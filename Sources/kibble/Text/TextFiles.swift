import ChatTemplate
import Diagnostics
import DogeArchitecture
import Generation
import JSONCore
import ModelFile
import Tokenization

/// What the files beside a model's weights say about text.
struct TextFiles {
  private let files: SideFiles

  /// Opens what MODEL leads to; no weights are needed.
  init(path: String) throws { files = try SideFiles(path: path) }

  func tokenizer() throws -> Tokenizer {
    let name = "tokenizer.json"
    guard let bytes = try files.bytes(of: name) else {
      throw TextFileError.missing(path: files.path, name: name)
    }
    return try located(name) { try Tokenizer(json: bytes) }
  }

  /// The special tokens and templates of the tokenizer's config; none where there is no config.
  func tokenizerConfig() throws -> TokenizerConfig {
    let config = try files.bytes(of: "tokenizer_config.json")
    let map = try files.bytes(of: "special_tokens_map.json")
    return try located("tokenizer_config.json") {
      try TokenizerConfig(json: config ?? Array("{}".utf8), specialTokensMap: map)
    }
  }

  /// The generation config, or what config.json says in its place; else transformers' defaults.
  func generationConfig() throws -> GenerationConfig {
    for name in ["generation_config.json", "config.json"] {
      guard let bytes = try files.bytes(of: name) else { continue }
      return try located(name) { try GenerationConfig(json: JSON.parse(bytes), file: name) }
    }
    return GenerationConfig()
  }

  /// The chat template.
  ///
  /// As transformers has it, `chat_template.jinja` goes before what `tokenizer_config.json` holds,
  /// and of several templates there `tool_use` is taken where tools are given.
  func chatTemplate(withTools: Bool) throws -> ChatTemplate {
    let name = "chat_template.jinja"
    if let bytes = try files.bytes(of: name) {
      return try located(name) { try ChatTemplate(source: String(decoding: bytes, as: UTF8.self)) }
    }
    let templates = try tokenizerConfig().chatTemplates
    let wanted = withTools ? ["tool_use", "default"] : ["default"]
    guard
      let source = wanted.lazy.compactMap({ name in templates.first { $0.name == name } }).first
    else { throw TextFileError.missing(path: files.path, name: "chat template") }
    return try located("tokenizer_config.json") { try ChatTemplate(source: source.source) }
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

extension TextFiles {
  /// The id of the beginning-of-text token: the tokenizer's, else the config's.
  func beginningOfText(_ tokenizer: Tokenizer, _ config: DogeConfig) throws -> Int? {
    try tokenizerConfig().specialTokens["bos_token"].flatMap { tokenizer.id(of: $0) }
      ?? config.bosTokenIDs.first
  }
}
