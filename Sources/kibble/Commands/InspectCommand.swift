import ByteIO
import Conversion
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
  static let digests = OptionSpec.flag("sha256", "hash the files and the tensors' bytes, too")
  static let plain = OptionSpec.flag(
    "plain", "one fact a line, in an order and form that `diff -u` shows well")

  static let spec = CommandSpec(
    name: "inspect", summary: "list a model's tensors, types, sizes and metadata",
    discussion: [
      "A .safetensors file is listed by itself, by the names that it has. Only --stats and --sha256 "
        + "read the weights."
    ],
    positionals: [
      .required(
        "MODEL",
        "a checkpoint folder, a .kibble or .safetensors file, or ORG/NAME in the Hugging Face cache"
      )
    ],
    options: [tensor, stats, digests, plain],
    examples: [
      .init("everything, for scripts", "inspect doge.kibble --json"),
      .init(
        "one tensor's values", "inspect doge.kibble --tensor model.layers.0.self_attn.A --stats"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    try arguments.refuse(Self.plain, with: .json)
    let subject = try ComparedModel.open(path: arguments.argument(Self.spec.positionals[0]))
    var tensors =
      switch subject {
      case .model(let source): source.inspectedTensors
      case .weights(let file): file.tensors.map { InspectedTensor($0, in: file) }
      }
    if let name = arguments.value(Self.tensor) {
      tensors = tensors.filter { tensor in
        [tensor.name, tensor.tensor, tensor.sourceName].compactMap(\.self)
          .contains { ExactText($0) == ExactText(name) }
      }
      guard !tensors.isEmpty else {
        throw arguments.invalid(
          Self.tensor, name, expected: "a tensor's name, which inspect lists without --tensor")
      }
    }
    if arguments.has(Self.stats) { try addStatistics(to: &tensors, of: subject, context) }
    let digests: ModelDigests? =
      switch subject {
      case _ where !arguments.has(Self.digests): nil
      case .model(let source): try ModelDigests(of: source, progress: context.progress)
      case .weights(let file): try ModelDigests(of: file, progress: context.progress)
      }
    let inspection = Inspection(subject: subject, tensors: tensors, digests: digests)
    if context.json {
      try context.emit(inspection.json)
    } else if arguments.has(Self.plain) {
      try context.output.write(inspection.plainText)
    } else {
      try context.output.write(inspection.text(width: Terminal.outputWidth()))
    }
    return .success
  }

  private func addStatistics(
    to tensors: inout [InspectedTensor], of subject: ComparedModel, _ context: CommandContext
  ) throws {
    let runtime = try Runtime(context)
    let kernels = runtime.compute.kernels
    switch subject {
    case .model(let source):
      let stored = try runtime.stored(source)
      for index in tensors.indices {
        guard let record = stored.file.tensor(named: tensors[index].name) else { continue }
        tensors[index].statistics = ValueStatistics(of: record, in: stored, kernels: kernels)
      }
      try source.checkUnchanged()
    case .weights(let file):
      for index in tensors.indices {
        // Other types than floats have no statistics.
        guard let entry = file[tensors[index].name], entry.type.isSupportedWeight else { continue }
        tensors[index].statistics = ValueStatistics(of: entry, in: file, kernels: kernels)
      }
      try file.file.checkUnchanged()
    }
  }
}

extension ModelSource {
  /// The tensors in the order of their use.
  var inspectedTensors: [InspectedTensor] {
    switch self {
    case .kibble(let model):
      model.tensors.flatMap { tensor in
        tensor.bands.map { InspectedTensor($0, of: tensor) }
      }
    case .checkpoint(let folder, let resolved):
      resolved.tensors.map { tensor in
        let source = folder.tensors[tensor.sourceIndex]
        return InspectedTensor(
          source.entry, named: tensor.spec.canonicalName, in: folder.file(of: source))
      }
    }
  }
}
