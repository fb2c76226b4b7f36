import Diagnostics
import DogeArchitecture
import DogeModel
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import ToolSupport

/// The result of `inspect`, as text and as JSON.
struct Inspection {
  let source: ModelSource
  let entries: [InspectedTensor]
  let statistics: [String: ValueStatistics]

  private var architecture: String {
    source.config.family == .doge ? "DogeForCausalLM" : "Doge2ForCausalLM"
  }

  private var configJSON: JSON? {
    switch source {
    case .checkpoint(let folder, _): try? JSON.parse(folder.configBytes, dialect: .python)
    case .kibble(let model):
      model.file.config.flatMap { try? JSON.parse($0, dialect: .python) }
    }
  }

  private var metadata: JSON? {
    if case .kibble(let model) = source { return model.file.metadata }
    return nil
  }

  var json: JSON {
    let tensors = entries.map { entry -> JSON in
      var members: [(String, JSON)] = [
        ("name", .string(entry.name)), ("source_name", JSON(entry.sourceName)),
        ("shape", JSON(entry.shape)), ("type", .string(entry.type)),
        ("group_size", JSON(entry.groupSize)), ("offset", JSON(entry.offset)),
        ("bytes", JSON(entry.bytes)), ("crc32", JSON(checksum: entry.crc32)),
      ]
      if let file = entry.file { members.append(("file", .string(file))) }
      if let values = statistics[entry.name] { members.append(("stats", values.json)) }
      return .object(JSONObject(members))
    }
    let members: [(String, JSON)] = [
      ("schema", "kibble.inspect/1"), ("architecture", .string(architecture)),
      ("layout", .string(source.layout.name)), ("parameters", JSON(source.parameterCount)),
    ]
    let details: [(String, JSON)] = [
      ("config", configJSON ?? nil), ("metadata", metadata ?? nil), ("tensors", .array(tensors)),
    ]
    return .object(JSONObject(members + ModelSummary(of: source).members + details))
  }

  /// For a terminal of so many columns; where a tensor lies stands in the JSON.
  func text(width: Int) -> String {
    let config = source.config
    var lines = [
      "\(source.path)",
      "\(architecture), layout \(source.layout.name), "
        + "\(NumberFormat.thousands(source.parameterCount)) parameters",
    ]
    lines += wrapped(
      "hidden \(config.hiddenSize), \(config.layerCount) layers, \(config.headCount) heads, "
        + "\(config.keyValueHeadCount) kv heads of \(config.headDimension), "
        + "vocabulary \(config.vocabularySize)"
        + (source.layout.tied ? ", tied head" : "")
        + (config.experts.map { ", \($0.count) experts, \($0.perToken) per token" } ?? ""),
      width: width)
    lines += ModelSummary(of: source).lines.flatMap { wrapped(escaped($0), width: width) }
    lines.append("")
    let hasStatistics = !statistics.isEmpty
    var table = TextTable(
      [.text("tensor"), .text("type")]
        + (hasStatistics
          ? [.number("min"), .number("max"), .number("mean"), .number("deviation")]
          : [.text("shape"), .number("bytes")]))
    for entry in entries {
      var cells = [entry.name, entry.type + (entry.groupSize.map { " g\($0)" } ?? "")]
      if let values = statistics[entry.name] {
        cells += [Double(values.minimum), Double(values.maximum), values.mean, values.deviation]
          .map { NumberFormat.significant($0, 3) }
      } else {
        cells += [
          entry.shape.map(String.init).joined(separator: " × "),
          NumberFormat.thousands(entry.bytes),
        ]
      }
      table.append(cells)
    }
    lines.append(table.text(width: width))
    return lines.joined(separator: "\n")
  }
}
