import ByteIO
import Conversion
import Diagnostics
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import ToolSupport

/// The result of `inspect`, as text and as JSON.
struct Inspection {
  let subject: ComparedModel
  let tensors: [InspectedTensor]
  let digests: ModelDigests?

  var json: JSON {
    let digests: [(String, JSON)] = [
      ("payload_sha256", JSON(self.digests?.payload)),
      (
        "files",
        self.digests.map { digests in
          .array(
            digests.files.map {
              ["name": .string($0.name), "bytes": JSON($0.bytes), "sha256": .string($0.sha256)]
            })
        } ?? nil
      ),
    ]
    let tensors = JSON.array(self.tensors.map(\.json))
    switch subject {
    case .model(let source):
      let members: [(String, JSON)] = [
        ("schema", "kibble.inspect/1"), ("architecture", .string(source.architecture)),
        ("layout", .string(source.layout.name)), ("parameters", JSON(source.parameterCount)),
      ]
      let details: [(String, JSON)] = [
        ("config", source.configJSON ?? nil), ("metadata", source.metadata ?? nil),
      ]
      return .object(
        JSONObject(
          members + ModelSummary(of: source).members + details + digests + [("tensors", tensors)]))
    case .weights(let file):
      let header = JSONObject(file.header.metadata.map { ($0.key, .string($0.value)) })
      let count = file.tensors.reduce(0) { $0 + $1.elementCount }
      let bits = file.tensors.reduce(0) { $0 + $1.byteRange.count } * 8
      let members: [(String, JSON)] = [
        ("schema", "kibble.inspect/1"), ("architecture", nil), ("layout", nil),
        ("parameters", JSON(count)), ("repository", nil), ("commit", nil), ("card", nil),
        ("tokenizer", nil), ("chat_templates", []), ("generation_config", nil),
        ("bits_per_weight", count == 0 ? nil : JSON(Double(bits) / Double(count))),
        ("recipe", nil), ("config", nil), ("metadata", .object(header)),
      ]
      return .object(JSONObject(members + digests + [("tensors", tensors)]))
    }
  }

  /// For a terminal of so many columns.
  func text(width: Int) -> String {
    var lines: [String]
    switch subject {
    case .model(let source):
      lines = [escaped(source.path)] + source.lines.flatMap { wrapped($0, width: width) }
      lines += ModelSummary(of: source).lines.flatMap { wrapped(escaped($0), width: width) }
    case .weights(let file):
      lines = [escaped(file.path)]
      lines += wrapped("weights without a config.json: no model by themselves", width: width)
      lines += file.header.metadata.flatMap {
        wrapped(escaped("\($0.key) \($0.value)"), width: width)
      }
    }
    lines += wrapped(tensors.total, width: width)
    if let digests {
      lines += ["SHA-256 of all tensors", "  " + digests.payload]
      for file in digests.files { lines += ["of " + escaped(file.name), "  " + file.sha256] }
    }
    return (lines + ["", tensors.table(width: width)]).joined(separator: "\n")
  }

  /// One fact a line, without what differs between equal models: offsets, names of files, the
  /// program's version.
  var plainText: String {
    var lines: [String] = []
    for member in json.objectValue?.members ?? []
    where !["schema", "files", "tensors"].contains(member.key) {
      var value = member.value
      // Says again what the tensors' lines say.
      if member.key == "metadata", var metadata = value.objectValue {
        metadata["tensors"] = nil
        value = .object(metadata)
      }
      lines += value.facts(under: member.key)
    }
    lines += tensors.sorted { $0.name < $1.name }.map { tensor in
      let shape = tensor.shape.map(String.init).joined(separator: "x")
      let checksum = tensor.crc32.map { " crc32 " + hexadecimal($0) } ?? ""
      let values = tensor.statistics.map { " " + $0.json.serialized() } ?? ""
      return "tensor \(tensor.name): \(tensor.typeText) [\(shape)]\(checksum)\(values)"
    }
    return lines.map { escaped($0) + "\n" }.joined()
  }
}

extension ModelSource {
  fileprivate var architecture: String {
    config.family == .doge ? "DogeForCausalLM" : "Doge2ForCausalLM"
  }

  fileprivate var configJSON: JSON? {
    switch self {
    case .checkpoint(let folder, _): try? JSON.parse(folder.configBytes, dialect: .python)
    case .kibble(let model):
      model.file.config.flatMap { try? JSON.parse($0, dialect: .python) }
    }
  }

  fileprivate var metadata: JSON? {
    if case .kibble(let model) = self { return model.file.metadata }
    return nil
  }

  /// What the model is.
  fileprivate var lines: [String] {
    [
      "\(architecture), layout \(layout.name), \(NumberFormat.thousands(parameterCount)) parameters",
      "hidden \(config.hiddenSize), \(config.layerCount) layers, \(config.headCount) heads, "
        + "\(config.keyValueHeadCount) kv heads of \(config.headDimension), "
        + "vocabulary \(config.vocabularySize)" + (layout.tied ? ", tied head" : "")
        + (config.experts.map { ", \($0.count) experts, \($0.perToken) per token" } ?? ""),
    ]
  }
}

extension JSON {
  /// A line for each value in it, with the keys that lead there; objects' keys in their order.
  fileprivate func facts(under key: String) -> [String] {
    guard case .object(let object) = self, !object.isEmpty else {
      return ["\(key): \(serialized())"]
    }
    return object.members.sorted { $0.key < $1.key }
      .flatMap { $0.value.facts(under: "\(key).\($0.key)") }
  }
}
