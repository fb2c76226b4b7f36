import ByteIO
import CSystem
import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import ToolSupport
import Verification

/// `kibble demo`: the whole road on one checkpoint.
struct DemoCommand: Command {
  static let output = OptionSpec.value(
    "output", short: "o", "FOLDER", "where the .kibble files go", default: "kibble-demo")

  static let spec = CommandSpec(
    name: "demo", summary: "convert, quantize and verify a checkpoint, and print how it went",
    discussion: [
      "Writes the checkpoint as f32, int8 and int4, runs each beside the checkpoint itself on the "
        + "same tokens, and says how far the logits moved. Files of an earlier demo are replaced.",
      "Without CHECKPOINT: a trained model of 2.1 MB that is part of the program. It is left in "
        + "FOLDER as doge-nano, to try other commands on.",
    ],
    positionals: [.optional("CHECKPOINT", "a checkpoint folder")],
    options: [output, .tokens, .routing],
    examples: [
      .init("anywhere", "demo"), .init("with your own model", "demo ./Doge-20M"),
    ], writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let folder = try arguments.outputPath(Self.output)
    if let path = arguments.optionalArgument(Self.spec.positionals[0]) {
      return try demonstrate(path, in: folder, arguments, context)
    }
    guard !context.dryRun else {
      return try DemoModel.withTemporary { try demonstrate($0, in: folder, arguments, context) }
    }
    try FileSystem.createFolder(folder)
    let path = FileSystem.join(folder, DemoModel.name)
    try DemoModel.write(to: path, overwrite: context.force)
    return try demonstrate(path, in: folder, arguments, context)
  }

  /// The whole road on a checkpoint.
  private func demonstrate(
    _ path: String, in folder: String, _ arguments: ParsedArguments, _ context: CommandContext
  ) throws -> ExitStatus {
    let runtime = try Runtime(context)
    let source = try ModelSource.open(path: path)
    let name = FileSystem.name(of: FileSystem.realPath(source.path) ?? source.path)
    let input = try input(arguments, path: path, config: source.config)
    let reference = try runtime.model(path)
    if !context.json, !context.quiet {
      try context.output.writeLine(introduction(source, reference, input))
      try context.output.flush()
    }
    var plans: [(path: String, plan: ConversionPlan)] = []
    var candidates: [DogeModel] = []
    if !context.dryRun { try FileSystem.createFolder(folder) }
    let types = [WeightType.f32, .int8, .int4]
    for type in types {
      let plan = try ConversionPlan(
        source: source, recipe: EncodingRecipe(target: .weights(type)), toolVersion: toolVersion)
      let file = FileSystem.join(folder, "\(name)-\(type.name).kibble")
      if context.dryRun {
        candidates.append(runtime.model(try runtime.converter.load(plan).model, mode: .exact))
      } else {
        _ = try runtime.converter.write(plan, to: file, overwrite: true)
        candidates.append(try runtime.model(file))
      }
      plans.append((file, plan))
    }
    // Its work goes on with them.
    kb_set_commitment(KB_OPEN)
    let statistics = try Verifier(
      reference: reference, candidates: candidates, compute: runtime.compute,
      routing: arguments.routing()
    ).compare(input.sequences, progress: context.progress)
    let results = zip(zip(types, plans), statistics).map { made, statistics in
      DemoResult(
        path: made.1.path, type: made.0, bytes: made.1.plan.fileLength,
        bitsPerWeight: made.1.plan.bitsPerWeight, statistics: statistics)
    }
    try context.summarize {
      if context.json {
        try context.emit([
          "schema": "kibble.demo/1", "checkpoint": .string(path),
          "results": .array(results.map(\.json)),
        ])
      } else {
        try context.output.write(DemoResult.table(results).text(width: Terminal.outputWidth()))
      }
    }
    return .success
  }

  /// The tokens of `--tokens`, else the checkpoint's own for this, else the built-in text.
  private func input(
    _ arguments: ParsedArguments, path: String, config: DogeConfig
  ) throws -> VerificationInput {
    let bundled = FileSystem.join(path, "demo.tokens.json")
    guard let file = arguments.value(.tokens) ?? (FileSystem.exists(bundled) ? bundled : nil) else {
      return try .builtIn([path], config: config)
    }
    return try .tokens(file: file)
  }

  private func introduction(
    _ source: ModelSource, _ reference: DogeModel, _ input: VerificationInput
  ) -> String {
    let checkpoint = reference.stored.tensors.reduce(0) { $0 + $1.byteCount }
    let lines = [
      "\(source.path): \(NumberFormat.thousands(source.parameterCount)) parameters, "
        + "\(NumberFormat.bytes(checkpoint)), layout \(source.layout.name)",
      "compared on \(input.summary)",
    ]
    return lines.flatMap { wrapped(escaped($0), width: Terminal.outputWidth()) }
      .map { $0 + "\n" }.joined()
  }
}

/// One type's row of the demo's table.
struct DemoResult {
  let path: String
  let type: WeightType
  let bytes: Int
  let bitsPerWeight: Double
  let statistics: ComparisonStatistics

  var json: JSON {
    [
      "type": .string(type.name), "path": .string(path), "bytes": JSON(bytes),
      "bits_per_weight": JSON(bitsPerWeight), "kld_mean": JSON(statistics.kld.mean.value),
      "kld_se": JSON(statistics.kld.mean.standardError),
      "top1_agreement": JSON(statistics.overlap.top1.value),
      "max_abs_diff": JSON(statistics.maxAbsDifference),
    ]
  }

  static func table(_ results: [DemoResult]) -> TextTable {
    var table = TextTable([
      .text("file"), .number("size"), .number("bits"), .number("mean KLD, nats"),
      .number("top-1"),
    ])
    for result in results {
      let kld = result.statistics.kld.mean
      table.append([
        FileSystem.name(of: result.path), NumberFormat.bytes(result.bytes),
        NumberFormat.fixed(result.bitsPerWeight, 3),
        NumberFormat.measured(kld.value, error: kld.standardError),
        NumberFormat.percent(result.statistics.overlap.top1.value),
      ])
    }
    return table
  }
}
