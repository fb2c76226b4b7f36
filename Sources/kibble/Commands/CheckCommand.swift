import ByteIO
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
    positionals: [.required("FILE", "a .kibble file")],
    examples: [.init("after a download", "check doge-int4.kibble")])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.spec.positionals[0])
    let file = try StoredModel.open(path: path)
    try file.check(progress: context.progress)
    try file.region.checkUnchanged()
    let model = try StoredModel(file: file)
    let review = try SideFileReview(
      SideFiles(of: .kibble(model)), vocabularySize: model.config.vocabularySize)
    review.warnings.forEach(context.warn)
    // Refuses an --isa that the machine lacks; nothing is computed here.
    _ = try Runtime(context)
    if context.json {
      try context.emit([
        "schema": "kibble.check/1", "path": .string(path), "bytes": JSON(file.fileBytes),
        "tensors": JSON(file.tensors.count), "blobs": JSON(file.blobs.count),
        "layout": .string(model.layout.name), "passed": true,
        "peak_rss_bytes": JSON(FileSystem.peakResidentBytes()),
      ])
    } else if !context.quiet {
      try context.output.writeLine(
        "\(path): whole. \(file.tensors.count) tensors and \(file.blobs.count) blobs in "
          + "\(NumberFormat.bytes(file.fileBytes)), layout \(model.layout.name)")
    }
    return .success
  }
}
