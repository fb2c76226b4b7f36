import ByteIO
import Conversion
import Diagnostics
import JSONCore
import Kernels
import ModelFile
import TensorCore
import ToolSupport

/// `kibble export`: a model as a Hugging Face checkpoint.
struct ExportCommand: Command {
  static let output = OptionSpec.value(
    "output", short: "o", "FOLDER", "the folder to write", required: true)
  static let dtype = OptionSpec.value(
    "dtype", "T", "the type of the weights", choices: ["f32", "f16", "bf16"], default: "f32")
  static let layout = OptionSpec.value(
    "layout", "LAYOUT", "the checkpoint's own, or the current one of transformers",
    choices: ExportLayout.allCases.map(\.rawValue), default: "own")
  static let measured = OptionSpec.value(
    "measured", "REPORT.json", "a report of verify --json on MODEL, whose figures go into the card")
  static let verify = OptionSpec.flag(
    "verify", "then run the model and the export on the built-in text, and compare their logits")

  static let spec = CommandSpec(
    name: "export", summary: "write a checkpoint folder with dequantized weights",
    discussion: [
      "The tensors get the names that they had in the original checkpoint. In f32 the folder's "
        + "weights are exactly what the file's are when it runs.",
      "--layout current writes an equal model in the layout that transformers' DogeForCausalLM "
        + "loads without remote code, whatever layout the model has; formats/layout-current.md "
        + "says how. What that cannot express is refused or said.",
      "README.md is the checkpoint's, with a paragraph that says how the files were made.",
      "With --verify, the exit code is 1 if logits of an export in f32 differ by more than "
        + "\(ExportVerification.limit).",
    ],
    positionals: [.model], options: [output, dtype, layout, measured, verify],
    examples: [
      .init("for transformers", "export doge-int4.kibble -o ./doge-int4-hf"),
      .init(
        "an older checkpoint for transformers",
        "export ./Doge-60M-Instruct -o ./doge-hf --layout current --verify"),
    ], writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let folder = try arguments.outputPath(Self.output)
    let type = arguments.value(Self.dtype).flatMap(WeightType.init(name:)) ?? .f32
    let layout = arguments.value(Self.layout).flatMap(ExportLayout.init(rawValue:)) ?? .own
    let runtime = try Runtime(context, verifiesChecksums: !context.dryRun)
    let source = try ModelSource.open(path: arguments.argument(.model))
    try refuse(folder, holding: source.identities)
    let model = try runtime.stored(source)
    let plan = try ExportPlan(
      of: model, layout: layout, type: type, measured: measured(arguments, source, model),
      kernels: runtime.compute.kernels)
    for note in plan.notes { context.warn(Warning(code: "export.note", note)) }
    var bytes = plan.parameterCount * 4 / type.columnsPerBlock
    var verification: ExportVerification?
    if !context.dryRun {
      let report = try runtime.converter.export(
        model, plan, to: folder, overwrite: context.force
      ) { temporary in
        guard arguments.has(Self.verify) else { return }
        verification = try ExportVerification(
          of: temporary, type, against: model, at: source.path, runtime, context)
      }
      bytes = report.bytes
    }
    try context.summarize {
      if context.json {
        var json = JSONObject([
          ("schema", "kibble.export/1"), ("output", context.dryRun ? nil : .string(folder)),
          ("bytes", JSON(bytes)), ("dtype", .string(type.name)),
          ("layout", .string(layout.rawValue)), ("parameters", JSON(plan.parameterCount)),
          ("notes", JSON(plan.notes)),
        ])
        json["verification"] = verification?.json
        try context.emit(.object(json))
      } else if context.summarizes {
        try context.output.writeLine(
          "\(context.dryRun ? "would write" : "wrote") \(folder): "
            + "\(NumberFormat.bytes(bytes)) of weights in \(type.name)"
            + growth(from: model.parameterCount, to: plan.parameterCount))
        if let verification { try context.output.writeLine(verification.text) }
      }
    }
    return verification?.passed == false ? .difference : .success
  }

  private func measured(
    _ arguments: ParsedArguments, _ source: ModelSource, _ model: StoredModel
  ) throws -> [String] {
    guard let path = arguments.value(Self.measured) else { return [] }
    let bytes = try FileSystem.read(path, limit: Limits.reportFile)
    let description = ModelDescription(role: "candidate", source: source, stored: model)
    return [try MeasuredQuality.sentence(inReport: bytes, path: path, of: description)]
  }

  private func growth(from before: Int, to after: Int) -> String {
    guard before != after else { return "" }
    return ", \(NumberFormat.thousands(after)) parameters for "
      + "\(NumberFormat.thousands(before)) (\(NumberFormat.fixed(Double(after) / Double(before), 2)) ×)"
  }

  /// Refuses to replace the checkpoint that is read, even with `--force`.
  private func refuse(_ folder: String, holding inputs: [FileIdentity]) throws {
    guard FileSystem.isFolder(folder) else { return }
    let paths = try FileSystem.names(inFolder: folder).map { FileSystem.join(folder, $0) }
    guard !paths.compactMap(FileSystem.identity).contains(where: inputs.contains) else {
      throw FileError.outputIsInput(path: folder)
    }
  }
}
