import Diagnostics
import DogeModel
import Generation
import Tokenization
import ToolSupport

/// `kibble generate`: continues a text.
struct GenerateCommand: Command {
  static let prompts = OptionSpec.value(
    "prompts", "FILE", "with --jsonl, a line {\"prompt\": TEXT} for each of many; - is stdin")
  static let batch = OptionSpec.value(
    "batch", "N", "of many prompts, how many are answered at a time", default: "16")
  static let events = OptionSpec.flag(
    "jsonl", "print a JSON object for each token as it comes, and one at the end")
  static let compare = OptionSpec.value(
    "compare", "MODEL", "continue the text with another model, too, and show where they part")

  static let spec = CommandSpec(
    name: "generate", summary: "continue a text",
    discussion: [
      "The text appears as it is made; how fast that was stands on stderr. For conversations with "
        + "an Instruct model there is `chat`; --template, --tools, --variable and "
        + "--no-generation-prompt make the text what a user says in its chat template here, too.",
      samplingDiscussion,
      "With --compare both models get the same random numbers. Where their tokens part, both "
        + "tokens are shown with the probabilities that each model gives them.",
      "With --prompts many texts are continued, several at a time, which is faster than one after "
        + "the other and gives the same. Each event has the prompt's \"index\", from 0 on; prompt "
        + "number i draws as it would alone with a seed larger by i.",
    ],
    usage: [
      "MODEL --prompt TEXT [OPTION…]", "MODEL --tokens FILE [OPTION…]",
      "MODEL --prompts FILE --jsonl [OPTION…]",
    ],
    positionals: [.model],
    options: GivenPrompt.options + [prompts, batch] + OptionSpec.sampling + [
      events, compare, .mode, .cache, .routing, .verifyChecksums,
    ],
    examples: [
      .init("the most likely text", "generate doge-int4.kibble --prompt 'In the beginning'"),
      .init(
        "what int4 changes",
        "generate ./Doge-20M --compare doge-int4.kibble --prompt 'In the beginning'"),
      .init(
        "many texts", "generate doge-int4.kibble --prompts prompts.jsonl --jsonl --greedy"),
    ], strayText: GivenPrompt.text)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    try GivenPrompt.check(arguments)
    try arguments.refuse(Self.events, with: Self.compare)
    try arguments.refuse(Self.events, with: .json)
    if arguments.has(Self.prompts) {
      try arguments.refuse(Self.prompts, with: Self.compare)
      try arguments.refuse(Self.prompts, with: .lookup)
      guard arguments.has(Self.events) else {
        throw UsageError.missingOption(Self.events.synopsis, command: Self.spec.name)
      }
    }
    let runtime = try Runtime(
      context, showsLoading: false, verifiesChecksums: arguments.has(.verifyChecksums))
    let seed = try arguments.generationSeed()
    let path = try arguments.argument(.model)
    let files = try TextFiles(path: path)
    let generator = try TextGenerator(path: path, files, arguments, runtime, context, seed: seed)
    let encoder = try PromptEncoder(arguments, files, generator.tokenizer)
    if let file = arguments.value(Self.prompts) {
      return try run(prompts: file, generator, encoder, path: path, arguments, context)
    }
    let prompt = try GivenPrompt(arguments, encoder, generator.tokenizer, context)
    if let other = arguments.value(Self.compare) {
      let candidate = try TextGenerator(
        path: other, TextFiles(path: other), arguments, runtime, context, seed: seed)
      return try compare(generator, candidate, prompt.ids, paths: (path, other), context)
    }
    let form: AnswerPrinter.Form =
      context.json ? .object : arguments.has(Self.events) ? .events : .text
    var printer = AnswerPrinter(form, context, generator, path: path)
    let result = try generator.generate(
      after: prompt.ids, observe: { try printer.observe($0) },
      isCancelled: { context.progress.isCancelled })
    if result.reason == .cancelled { try context.interrupted(after: form == .text) }
    try printer.finish(result, prompt: prompt.text)
    return .success
  }

  private func compare(
    _ reference: TextGenerator, _ candidate: TextGenerator, _ prompt: [Int],
    paths: (String, String), _ context: CommandContext
  ) throws -> ExitStatus {
    let comparison = try context.progress.phase("generating", total: 0, unit: .tokens) {
      try compareGeneration(
        prompt, config: reference.config, first: reference.generator,
        second: candidate.generator, sampler: Sampler(seed: reference.seed),
        text: { reference.makeStream() },
        observe: { _, event in
          if case .token = event { context.progress.report(.advanced(by: 1)) }
        }, isCancelled: { context.progress.isCancelled })
    }
    try context.progress.checkCancellation()
    let report = GenerationReport(comparison: comparison, reference: reference, paths: paths)
    if context.json {
      try context.emit(report.json)
    } else {
      try context.output.write(report.text(width: Terminal.errorWidth()))
    }
    return .success
  }
}

extension CommandContext {
  /// Ends a run that the user interrupted, behind what it has shown.
  func interrupted(after text: Bool) throws -> Never {
    if text { try output.writeLine() }
    throw Interruption()
  }
}
