import ByteIO
import Diagnostics
import DogeArchitecture
import Generation
import JSONCore
import KibbleFormat
import ModelFile
import ToolSupport

/// `kibble check`: whether a file is whole.
struct CheckCommand: Command {
  static let spec = CommandSpec(
    name: "check", summary: "verify a .kibble file's structure and checksums",
    discussion: [
      "Reads every byte: header, directory, checksums, padding, codes and scales, that the tensors "
        + "are those that the model needs, and that tokenizer, configs and chat template are sound."
    ],
    positionals: [
      .required("FILE", "a .kibble file"), .rest("OTHER", "more of them, each by itself"),
    ],
    examples: [
      .init("after a download", "check doge-int4.kibble"),
      .init("all of them", "check models/*.kibble --quiet"),
    ], takesEachAlone: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    // Refuses an --isa that the machine lacks; nothing is computed here.
    _ = try Runtime(context)
    let paths = arguments.positionals
    guard paths.count > 1 else {
      let result = try check(paths[0], context)
      if context.json { try context.emit(result) }
      return .success
    }
    var batch = Batch(Self.spec, context)
    for path in paths { try batch.add(path) { try check(path, context) } }
    try batch.finish()
    return batch.status
  }

  /// Reads a file from end to end, and says that it is whole.
  private func check(_ path: String, _ context: CommandContext) throws -> JSON {
    let file = try StoredModel.open(path: path)
    try file.check(progress: context.progress)
    try file.region.checkUnchanged()
    let model = try StoredModel(file: file)
    let review = try SideFileReview(
      SideFiles(of: .kibble(model)), vocabularySize: model.config.vocabularySize)
    review.warnings.forEach(context.warn)
    if !context.json, !context.quiet {
      try context.output.writeLine(
        "\(escaped(path)): whole. \(file.tensors.count) tensors and \(file.blobs.count) blobs in "
          + "\(NumberFormat.bytes(file.fileBytes)), layout \(model.layout.name)")
      try context.output.flush()
    }
    return [
      "schema": "kibble.check/1", "path": .string(path), "bytes": JSON(file.fileBytes),
      "tensors": JSON(file.tensors.count), "blobs": JSON(file.blobs.count),
      "layout": .string(model.layout.name), "passed": true,
      "peak_rss_bytes": JSON(FileSystem.peakResidentBytes()),
    ]
  }
}
