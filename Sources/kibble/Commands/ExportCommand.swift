import ByteIO
import Conversion
import JSONCore
import ModelFile
import TensorCore
import ToolSupport

/// `kibble export`: a `.kibble` file as a Hugging Face checkpoint.
struct ExportCommand: Command {
  static let output = OptionSpec.value(
    "output", short: "o", "FOLDER", "the folder to write", required: true)
  static let dtype = OptionSpec.value(
    "dtype", "T", "the type of the weights", choices: ["f32", "f16", "bf16"], default: "f32")

  static let spec = CommandSpec(
    name: "export", summary: "write a checkpoint folder with dequantized weights",
    discussion: [
      "The tensors get the names that they had in the original checkpoint. In f32 the folder's "
        + "weights are exactly what the file's are when it runs."
    ],
    positionals: [.model], options: [output, dtype],
    examples: [.init("for transformers", "export doge-int4.kibble -o ./doge-int4-hf")],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let folder = try arguments.required(Self.output)
    let type = arguments.value(Self.dtype).flatMap(WeightType.init(name:)) ?? .f32
    let runtime = try Runtime(context, verifiesChecksums: !context.dryRun)
    let source = try ModelSource.open(path: arguments.argument(.model))
    try refuse(folder, holding: source.identities)
    let model = try runtime.stored(source)
    var bytes = model.parameterCount * 4 / type.columnsPerBlock
    if !context.dryRun {
      bytes = try runtime.converter.export(
        model, to: folder, type: type, overwrite: context.force
      ).bytes
    }
    try context.summarize {
      if context.json {
        try context.emit([
          "schema": "kibble.export/1", "output": context.dryRun ? nil : .string(folder),
          "bytes": JSON(bytes), "dtype": .string(type.name),
        ])
      } else if !context.quiet {
        try context.output.writeLine(
          "\(context.dryRun ? "would write" : "wrote") \(folder): "
            + "\(NumberFormat.bytes(bytes)) of weights in \(type.name)")
      }
    }
    return .success
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
