import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import JSONCore
import Tokenization
import ToolSupport

extension GenerateCommand {
  /// Continues the texts of a file of JSON lines.
  func run(
    prompts path: String, _ generator: TextGenerator, _ encoder: PromptEncoder,
    path model: String, _ arguments: ParsedArguments, _ context: CommandContext
  ) throws -> ExitStatus {
    let sequences = try arguments.integer(Self.batch, in: 1...1024) ?? 1
    let rows = generator.generator.model.config.vocabularySize
    let longest = generator.generator.context
    var texts: [String] = []
    var prompts: [[Int]] = []
    try JSONLines.forEach(path) { line in
      guard let given = line["prompt"]?.stringValue else {
        throw JSONLineError.missing("prompt", expected: "a text")
      }
      let (text, ids) = try encoder.encode(Array(given.utf8))
      guard !ids.isEmpty else { throw GenerationError.emptyPrompt }
      try generator.tokenizer.check(ids, rows: rows)
      guard ids.count <= longest else {
        throw GenerationError.promptTooLong(tokens: ids.count, context: longest)
      }
      _ = try generator.config.newTokenLimit(prompt: ids.count)
      texts.append(text)
      prompts.append(ids)
    }
    encoder.warn(ofSecondBeginning: prompts, context)
    let batch = BatchGenerator(
      model: generator.generator.model, routing: generator.generator.routing,
      context: generator.generator.context, sequences: min(sequences, max(1, prompts.count)))
    var printers: [Int: AnswerPrinter] = [:]
    try batch.generate(
      prompts, config: generator.config,
      sampler: { Sampler(seed: generator.seed &+ UInt64($0)) },
      text: { _ in generator.makeStream() },
      observe: { index, event in
        try printers[index, default: printer(index)].observe(event)
      }, isCancelled: { context.progress.isCancelled }
    ) { index, result in
      if result.reason == .cancelled { try context.interrupted(after: false) }
      try printers[index, default: printer(index)].finish(result, prompt: texts[index])
      printers[index] = nil
    }
    return .success

    func printer(_ index: Int) -> AnswerPrinter {
      AnswerPrinter(.events, context, generator, path: model, index: index)
    }
  }
}
