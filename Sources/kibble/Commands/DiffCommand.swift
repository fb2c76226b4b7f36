import Conversion
import ToolSupport

/// `kibble diff`: in what two models differ.
struct DiffCommand: Command {
  static let a = PositionalSpec.required(
    "A",
    "a checkpoint folder, a .kibble or .safetensors file, or ORG/NAME in the Hugging Face cache")
  static let b = PositionalSpec.required("B", "another one")
  static let headers = OptionSpec.flag(
    "headers", "leave the values alone: configs, files, names, shapes and types only")

  static let spec = CommandSpec(
    name: "diff", summary: "compare two models: config, files, tensors, values",
    discussion: [
      "Says in what B is not A: members of config.json and of kibble's metadata, the files beside "
        + "the weights, tensors that only one has, shapes, types, and for each tensor how far its "
        + "values are from A's: max |A - B|, and NMSE, the sum of squared differences over the sum "
        + "of A's squares. Tensors go by their names in the current layout, or beside a .safetensors "
        + "file by the checkpoint's.",
      "Values are compared as float32. Ends with 0 where nothing differs, and with 1 where something does. It reads both models "
        + "once, some rows at a time. Whether two models answer alike is what `verify` measures.",
    ],
    positionals: [a, b], options: [headers],
    examples: [
      .init("what a conversion changed", "diff Doge-20M doge-int4.kibble"),
      .init("what two checkpoints have in common", "diff Doge-20M Doge-20M-Instruct --headers"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let sources = try [Self.a, Self.b].map { try ComparedModel.open(path: arguments.argument($0)) }
    for source in sources { context.warn(ofCheckpoint: source.warnings) }
    let runtime = try Runtime(context)
    let difference = try runtime.converter.difference(
      sources[0], sources[1], comparesValues: !arguments.has(Self.headers))
    let report = DifferenceReport(
      paths: sources.map(\.path), difference: difference, hasValues: !arguments.has(Self.headers))
    if context.json {
      try context.emit(report.json)
    } else {
      try context.output.write(report.text(width: Terminal.outputWidth()))
    }
    return difference.isEmpty ? .success : .difference
  }
}
