import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import JSONCore
import Kernels
import ModelFile
import Safetensors
import ToolSupport
import Verification

/// `kibble logits`: a model's logits as a safetensors file.
struct LogitsCommand: Command {
  static let hidden = OptionSpec.flag("hidden", "write the hidden states, too")
  static let tokens = OptionSpec.value(
    "tokens", "FILE", "a JSON array of token ids, or an array of such arrays", required: true)

  static let spec = CommandSpec(
    name: "logits", summary: "write a model's logits to a safetensors file",
    discussion: [
      "The file holds input_ids I64 [T], logits F32 [T, vocabulary] and, with --hidden, hidden "
        + "F32 [layers + 1, T, hidden size]: the embedding's output, then each block's, and "
        + "hidden_attention F32 [layers, T, hidden size]: each block after its attention. Several "
        + "sequences run from an empty cache each and stand one after the other; their lengths are "
        + "sequence_lengths I64 [sequences].",
      "`verify --golden` reads it.",
    ],
    positionals: [.model],
    options: [
      tokens, .output, .mode, .cache, .stepwise, hidden, .routing, .verifyChecksums,
    ],
    examples: [
      .init("all logits of some tokens", "logits doge.kibble --tokens ids.json -o out.safetensors")
    ],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(.model)
    let output = try arguments.outputPath(.output)
    let tokensPath = try arguments.required(Self.tokens)
    let sequences = try TokenSequences.parse(
      FileSystem.read(tokensPath, limit: Limits.tokenFile), path: tokensPath)
    let source = try ModelSource.open(path: path)
    let inputs = source.identities + [tokensPath].compactMap(FileSystem.identity)
    try AtomicFile.check(output, overwrite: context.force, inputs: inputs)
    let runtime = try Runtime(context, verifiesChecksums: arguments.has(.verifyChecksums))
    let model = try runtime.model(
      source, mode: arguments.mode() ?? .exact, cache: arguments.cacheType())
    let writer = try LogitsFile(
      model: model, sequences: sequences, hidden: arguments.has(Self.hidden))
    if !context.dryRun {
      let file = try AtomicFile(
        path: output, expectedBytes: writer.fileSize, overwrite: context.force, inputs: inputs)
      try writer.write(
        to: file.sink, stepwise: arguments.has(.stepwise), routing: arguments.routing(),
        compute: runtime.compute, progress: context.progress)
      try source.checkUnchanged()
      try file.commit()
    }
    try context.summarize {
      if context.json {
        try context.emit([
          "schema": "kibble.logits/1", "output": .string(output), "bytes": JSON(writer.fileSize),
          "tokens": JSON(writer.tokenCount), "vocabulary": JSON(model.config.vocabularySize),
        ])
      } else if context.summarizes {
        try context.output.writeLine(
          "\(context.dryRun ? "would write" : "wrote") \(output): \(writer.tokenCount) × "
            + "\(model.config.vocabularySize) logits, \(NumberFormat.bytes(writer.fileSize))")
      }
    }
    return .success
  }
}
