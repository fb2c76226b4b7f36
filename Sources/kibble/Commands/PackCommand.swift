import ByteIO
import Diagnostics
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import PackedFormat
import ToolSupport

/// `kibble pack`: a `.kibble` file for transport.
struct PackCommand: Command {
  static let spec = CommandSpec(
    name: "pack", summary: "make a .kibble file smaller for transport",
    discussion: [
      "The codes of quantized tensors are entropy-coded; nothing is lost, and `unpack` gives back "
        + "the same bytes. Every command reads packed files, and decodes them into memory when it "
        + "opens them. Floats stay as they are."
    ],
    positionals: [.required("FILE", "a .kibble file")], options: [.output],
    examples: [.init("for an upload", "pack doge-int4.kibble -o doge-int4.packed.kibble")],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.spec.positionals[0])
    let output = try arguments.outputPath(.output)
    let file = try StoredModel.open(path: path)
    guard file.packed == nil else { throw PackedFormatError.alreadyPacked(path: path) }
    let inputs = [file.region.fileIdentity].compactMap(\.self)
    try AtomicFile.check(output, overwrite: context.force, inputs: inputs)
    // What is damaged would not come back as it is.
    try file.check(progress: context.progress)
    let packed = try Packer(Runtime(context).compute.pool).pack(file, progress: context.progress)
    try file.region.checkUnchanged()
    if !context.dryRun {
      let target = try AtomicFile(
        path: output, expectedBytes: packed.length, overwrite: context.force, inputs: inputs)
      try packed.write(to: target.sink)
      try context.progress.checkCancellation()
      try target.commit()
    }
    try context.showRewritten(
      output, bytes: packed.length, from: file.fileBytes, schema: "kibble.pack/1")
    return .success
  }
}

/// `kibble unpack`: a packed file as one that can be mapped.
struct UnpackCommand: Command {
  static let spec = CommandSpec(
    name: "unpack", summary: "turn a packed file back into one that is mapped",
    discussion: [
      "Gives the bytes that `pack` was given. Such a file opens at once and shares its memory with "
        + "other processes; it takes more of the disk."
    ],
    positionals: [.required("FILE", "a packed .kibble file")], options: [.output],
    examples: [.init("after a download", "unpack doge-int4.packed.kibble -o doge-int4.kibble")],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.spec.positionals[0])
    let output = try arguments.outputPath(.output)
    let file = try StoredModel.open(path: path)
    guard file.packed != nil else { throw PackedFormatError.notPacked(path: path) }
    let inputs = [file.region.fileIdentity].compactMap(\.self)
    try AtomicFile.check(output, overwrite: context.force, inputs: inputs)
    try file.check(progress: context.progress)
    try file.region.checkUnchanged()
    if !context.dryRun {
      let target = try AtomicFile(
        path: output, expectedBytes: file.region.count, overwrite: context.force, inputs: inputs)
      try file.region.withBytes { (bytes) throws(FileError) in
        try target.sink.write(bytes, at: 0)
      }
      try context.progress.checkCancellation()
      try target.commit()
    }
    try context.showRewritten(
      output, bytes: file.region.count, from: file.fileBytes, schema: "kibble.unpack/1")
    return .success
  }
}

extension CommandContext {
  /// Says what a file became.
  fileprivate func showRewritten(
    _ output: String, bytes: Int, from before: Int, schema: String
  ) throws {
    try summarize {
      if json {
        try emit([
          "schema": .string(schema), "output": dryRun ? nil : .string(output),
          "bytes": JSON(bytes), "input_bytes": JSON(before),
        ])
      } else if summarizes {
        let share = NumberFormat.fixed(100 * Double(bytes) / Double(max(1, before)), 1)
        try self.output.writeLine(
          "\(dryRun ? "would write" : "wrote") \(escaped(output)): \(NumberFormat.bytes(bytes)), "
            + "\(share) % of \(NumberFormat.bytes(before))")
      }
    }
  }
}
