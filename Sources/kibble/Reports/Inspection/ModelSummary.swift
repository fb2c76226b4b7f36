import ByteIO
import Conversion
import DogeArchitecture
import Generation
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import Tokenization
import ToolSupport

/// What people look for first in a model: whose it is, how it speaks, how many bits it takes.
///
/// Files that cannot be read count as absent here; `check` and `convert` say what is wrong with
/// them.
struct ModelSummary {
  private let card: JSONObject
  private let citation: String?
  private let tokenizer: Tokenizer?
  private let specialTokens: [(name: String, token: String)]
  private let templates: [String]
  private let generationConfig: JSONObject?
  private let bitsPerWeight: Double
  /// What a packed file takes, and what it takes in memory.
  private let packed: (file: Int, memory: Int)?
  private let recipe: JSON?
  /// The hub's repository and its commit, where a cache folder named them.
  private let origin: (repository: JSON, commit: JSON)

  init(of source: ModelSource) {
    let files = SideFiles(of: source)
    func text(_ name: String) -> String? {
      (try? files.bytes(of: name)).flatMap(\.self).map { String(decoding: $0, as: UTF8.self) }
    }
    var metadata: JSON?
    switch source {
    case .kibble(let model):
      metadata = model.file.metadata
      bitsPerWeight = model.bitsPerWeight
      packed = model.file.packed.map { ($0.fileBytes, model.file.region.count) }
      let metadata = model.file.metadata
      origin = (metadata["repository"] ?? nil, metadata["commit"] ?? nil)
    case .checkpoint(let folder, let resolved):
      let bytes = resolved.tensors.reduce(0) {
        $0 + folder.tensors[$1.sourceIndex].entry.byteRange.count
      }
      bitsPerWeight = Double(bytes * 8) / Double(resolved.parameterCount)
      packed = nil
      origin = (JSON(folder.repository), JSON(folder.commit))
    }
    let readme = text(BlobName.readme)
    // Files of earlier versions hold no card, only what they read of it.
    card =
      (readme.flatMap { ModelCard($0) }?.json ?? metadata?["card"])?.objectValue ?? JSONObject()
    citation = readme.flatMap(ModelCard.citation)
    let texts = TextFiles(of: source)
    let tokenizer = try? texts.tokenizer()
    self.tokenizer = tokenizer
    specialTokens = ((try? texts.tokenizerConfig())?.specialTokens ?? [:])
      .map { (name: $0.key, token: $0.value) }.sorted { $0.name < $1.name }
    templates = (try? texts.chatTemplates())?.map(\.name) ?? []
    generationConfig =
      text(BlobName.generationConfig)
      .flatMap { try? JSON.parse(Array($0.utf8), dialect: .python) }?.objectValue
    recipe = metadata?["recipe"]
  }

  /// The keys of `inspect --json`; null for what the model does not have.
  var members: [(String, JSON)] {
    var card = card
    card["citation"] = citation.map { .string($0) }
    return [
      ("repository", origin.repository), ("commit", origin.commit),
      ("card", card.isEmpty ? nil : .object(card)), ("tokenizer", tokenizerJSON),
      ("chat_templates", JSON(templates)),
      ("generation_config", generationConfig.map { .object($0) } ?? nil),
      ("bits_per_weight", JSON(bitsPerWeight)), ("recipe", recipe ?? nil),
    ] + (packed.map { [("packed_bytes", JSON($0.file))] } ?? [])
  }

  private var tokenizerJSON: JSON {
    guard let tokenizer else { return nil }
    let tokens = specialTokens.map { name, token -> (String, JSON) in
      (name, ["token": .string(token), "id": JSON(tokenizer.id(of: token))])
    }
    return [
      "size": JSON(tokenizer.vocabularySize), "special": JSON(specialCount(tokenizer)),
      "special_tokens": .object(JSONObject(tokens)),
    ]
  }

  private func specialCount(_ tokenizer: Tokenizer) -> Int {
    (0..<tokenizer.vocabularySize).count { tokenizer.isSpecial($0) }
  }

  /// A line for each thing that there is.
  var lines: [String] {
    var lines: [String] = []
    if let repository = origin.repository.stringValue {
      lines.append(
        "repository \(repository)" + (origin.commit.stringValue.map { ", commit \($0)" } ?? ""))
    }
    let names = ["license": "license", "base_model": "base model", "datasets": "datasets"]
    let facts = card.members.compactMap { member in
      names[member.key].map { "\($0) \(Self.shown(member.value))" }
    }
    if !facts.isEmpty { lines.append(facts.joined(separator: "; ")) }
    if let citation {
      lines.append(
        "citation " + citation.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
    if let tokenizer {
      let tokens = specialTokens.map { name, token in
        "\(name) \(token)" + (tokenizer.id(of: token).map { " (\($0))" } ?? "")
      }
      lines.append(
        ([
          "tokenizer of \(NumberFormat.thousands(tokenizer.vocabularySize)) tokens, "
            + "\(NumberFormat.thousands(specialCount(tokenizer))) special"
        ] + tokens)
        .joined(separator: ", "))
    }
    if !templates.isEmpty { lines.append("chat template " + templates.joined(separator: ", ")) }
    if let generationConfig {
      let settings = generationConfig.members.filter { $0.key != "transformers_version" }
        .map { "\($0.key) \(Self.shown($0.value))" }
      lines.append("generation: " + settings.joined(separator: ", "))
    }
    lines.append(
      "\(NumberFormat.fixed(bitsPerWeight, 3)) bits per weight"
        + (recipe.map { ", recipe: " + Self.summary(of: $0) } ?? ""))
    if let packed {
      lines.append(
        "packed: \(NumberFormat.bytes(packed.file)) that become "
          + "\(NumberFormat.bytes(packed.memory)) in memory")
    }
    return lines
  }

  private static func summary(of recipe: JSON) -> String {
    var parts = [recipe["type"]?.stringValue ?? "unknown"]
    if let size = recipe["group_size"]?.intValue { parts.append("groups of \(size)") }
    if let method = recipe["method"]?.stringValue { parts.append(method) }
    if let tokens = recipe["calibration"]?["tokens"]?.intValue {
      parts.append("calibrated on \(NumberFormat.thousands(tokens)) tokens")
    }
    if let steps = recipe["tuning_steps"]?.intValue { parts.append("\(steps) steps of tuning") }
    if let rules = recipe["rules"]?.arrayValue, !rules.isEmpty {
      parts.append("\(rules.count) rule\(rules.count == 1 ? "" : "s")")
    }
    return parts.joined(separator: ", ")
  }

  private static func shown(_ value: JSON) -> String {
    let values = value.arrayValue ?? [value]
    return values.map { $0.stringValue ?? $0.serialized() }.joined(separator: ", ")
  }
}
