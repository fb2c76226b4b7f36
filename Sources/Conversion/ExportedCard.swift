import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import TensorCore

/// The README.md of an export: the checkpoint's model card, and how the files were made.
struct ExportedCard {
  let model: StoredModel
  let layout: ExportLayout
  let type: WeightType
  /// The number of weights in the export.
  let parameterCount: Int
  /// In what the export is not the same model.
  let notes: [String]
  /// What is known of the model's quality, a sentence each.
  let measured: [String]

  /// The whole text.
  ///
  /// - Parameter original: the checkpoint's README.md; where there is none, what the file's metadata
  ///   know of its front matter serves.
  /// - Returns: front matter, what was done, and the rest of the card.
  func text(original: [UInt8]?) -> String {
    let own = original.map { String(decoding: $0, as: UTF8.self) }
    let (frontMatter, body) = own.map(ModelCard.parts) ?? (keptFrontMatter, "")
    let paragraphs = [origin, quantization, layoutChange] + notes.map(sentence) + measured
    let quote = paragraphs.compactMap(\.self).map { "> " + $0 + "\n" }.joined(separator: ">\n")
    let separator = frontMatter.isEmpty || frontMatter.hasSuffix("\n\n") ? "" : "\n"
    let rest = String(body.drop(while: \.isNewline))
    return frontMatter + separator + quote + (rest.isEmpty ? "" : "\n" + rest)
  }

  /// JSON is YAML, too.
  private var keptFrontMatter: String {
    guard let card = model.file.metadata["card"]?.objectValue, !card.isEmpty else { return "" }
    let lines = card.members.map { "\($0.key): \($0.value.serialized())\n" }
    return "---\n" + lines.joined() + "---\n"
  }

  private var origin: String {
    let metadata = model.file.metadata
    let version = metadata["tool"]?["version"]?.stringValue.map { " " + $0 } ?? ""
    let sources = (metadata["sources"]?.arrayValue ?? []).compactMap { source -> String? in
      guard let name = source["name"]?.stringValue, let bytes = source["bytes"]?.intValue,
        let checksum = source["crc32"]?.stringValue
      else { return nil }
      return "`\(name)` (\(bytes) bytes, CRC-32 `\(checksum)`)"
    }
    let commit = metadata["commit"]?.stringValue.map { " of commit `\($0)`" } ?? ""
    return "**How these files were made.** kibble\(version) made them of a checkpoint\(commit): "
      + sources.joined(separator: ", ")
      + ". `model.safetensors` holds \(parameterCount) parameters in \(type.name)"
      + (isRounded ? ", to which they were rounded." : ".")
  }

  private var isRounded: Bool {
    model.tensors.contains { $0.isQuantized || !type.holds($0.sourceType) }
      && type != .f32
  }

  private var quantization: String? {
    let quantized = model.tensors.filter(\.isQuantized)
    guard !quantized.isEmpty else { return nil }
    let types = Set(
      quantized.flatMap(\.bands).map { "\($0.type.name) in groups of \($0.geometry.groupSize)" })
    let hundredths = Int((model.bitsPerWeight * 100).rounded())
    let bits = "\(hundredths / 100)." + String(hundredths % 100 + 100).dropFirst()
    let recipe = model.file.metadata["recipe"]
    var text =
      "The weights were quantized before: \(quantized.count) of \(model.tensors.count) tensors to "
      + "\(types.sorted().joined(separator: ", ")), \(bits) bits per weight in all"
    if let method = recipe?["method"]?.stringValue { text += ", by the method `\(method)`" }
    if let tokens = recipe?["calibration"]?["tokens"]?.intValue {
      text += " on \(tokens) tokens"
    }
    if let steps = recipe?["tuning_steps"]?.intValue { text += " and \(steps) steps of tuning" }
    return text + ". What stands here are the numbers that the codes stand for."
  }

  private var layoutChange: String? {
    guard layout == .current, model.layout.generation != .current else { return nil }
    return "The checkpoint's layout was `\(model.layout.name)`, which transformers' Doge does not "
      + "read. This is an equal model in transformers' own layout: `DogeForCausalLM` loads it "
      + "without remote code. Tensors and config are therefore not the checkpoint's; "
      + "formats/layout-current.md in kibble's repository says what was done."
  }

  /// A note is a part of a line on a terminal; here it stands for itself.
  private func sentence(_ note: String) -> String {
    note.prefix(1).uppercased() + note.dropFirst() + "."
  }
}
