import ByteIO
import DogeArchitecture
import DogeModel
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore
import ToolSupport

/// `kibble inspect`: what a model holds.
struct InspectCommand: Command {
  static let tensor = OptionSpec.value("tensor", "NAME", "only the tensor of that name")
  static let stats = OptionSpec.flag("stats", "read the values, too: range, mean, deviation")

  static let spec = CommandSpec(
    name: "inspect", summary: "list a model's tensors, types, sizes and metadata",
    positionals: [.model], options: [tensor, stats],
    examples: [
      .init("everything, for scripts", "inspect doge.kibble --json"),
      .init(
        "one tensor's values", "inspect doge.kibble --tensor model.layers.0.self_attn.A --stats"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let source = try ModelSource.open(path: arguments.argument(.model))
    var entries = source.entries
    if let name = arguments.value(Self.tensor) {
      entries = entries.filter { [$0.name, $0.tensor, $0.sourceName].contains(name) }
      guard !entries.isEmpty else {
        throw arguments.invalid(
          Self.tensor, name, expected: "a tensor's name, which inspect lists without --tensor")
      }
    }
    let statistics: [String: ValueStatistics]
    if arguments.has(Self.stats) {
      let runtime = try Runtime(context)
      let stored = try runtime.stored(source)
      let names = Set(entries.map(\.name))
      statistics = Dictionary(
        uniqueKeysWithValues: stored.file.tensors.filter { names.contains($0.name) }.map {
          ($0.name, ValueStatistics(of: $0, in: stored, kernels: runtime.compute.kernels))
        })
      try source.checkUnchanged()
    } else {
      statistics = [:]
    }
    let inspection = Inspection(source: source, entries: entries, statistics: statistics)
    if context.json {
      try context.emit(inspection.json)
    } else {
      try context.output.write(inspection.text(width: Terminal.outputWidth()))
    }
    return .success
  }
}

/// A tensor as it lies in a checkpoint or a `.kibble` file.
struct InspectedTensor {
  let name: String
  /// The tensor's name, without the first row of a band.
  let tensor: String
  /// The name in the checkpoint, where it is spelled otherwise.
  let sourceName: String?
  let shape: [Int]
  let type: String
  let groupSize: Int?
  let file: String?
  let offset: Int
  let bytes: Int
  let crc32: UInt32?
}

extension ModelSource {
  /// The tensors in the order of their use.
  var entries: [InspectedTensor] {
    switch self {
    case .kibble(let model):
      model.tensors.flatMap { tensor in
        tensor.bands.map { record in
          InspectedTensor(
            name: record.name, tensor: tensor.name,
            sourceName: tensor.sourceName == tensor.name ? nil : tensor.sourceName,
            shape: record.shape, type: record.type.name,
            groupSize: record.type.isQuantized ? record.geometry.groupSize : nil, file: nil,
            offset: record.planes[0].lowerBound, bytes: record.byteCount, crc32: record.crc32)
        }
      }
    case .checkpoint(let folder, let resolved):
      resolved.tensors.map { tensor in
        let source = folder.tensors[tensor.sourceIndex]
        let name = tensor.spec.canonicalName
        return InspectedTensor(
          name: name, tensor: name, sourceName: tensor.sourceName == name ? nil : tensor.sourceName,
          shape: tensor.shape, type: tensor.sourceType.rawValue.lowercased(), groupSize: nil,
          file: FileSystem.name(of: folder.file(of: source).path),
          offset: source.entry.byteRange.lowerBound, bytes: source.entry.byteRange.count,
          crc32: nil)
      }
    }
  }
}
