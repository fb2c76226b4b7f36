import ChoiceScoring
import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import JSONCore
import Kernels
import ModelFile
import Tokenization
import ToolSupport

/// `kibble score`: which of some choices a model finds likely.
struct ScoreCommand: Command {
  static let other = PositionalSpec.optional(
    "OTHER", "another model, which is asked the same; see MODEL")
  static let lines = OptionSpec.value(
    "jsonl", "FILE", "a question in each line; - is stdin", required: true)
  static let bare = OptionSpec.flag(
    "no-bos", "put no beginning-of-text token before a text that is not empty")

  static let window = OptionSpec.value(
    "context", "N",
    "the most tokens that the model is given at once (default: what it was made for; more where "
      + "its rope scaling says how)")

  static let spec = CommandSpec(
    name: "score", summary: "log-likelihoods of choices, and how often they are right",
    discussion: [
      "Each line of the file is an object with \"context\", a text that may be empty or an array of "
        + "one for each choice, \"choices\" and, "
        + "if it is known, \"answer\", the index of the right one from 0 on. A choice begins with "
        + "the space that belongs before it. For each a line is written: the log-likelihood of "
        + "each choice (a sum over its tokens, in nats), its tokens and bytes, whether greedy "
        + "decoding would give it, the likeliest choice and the likeliest per byte.",
      "Figures are those of lm-evaluation-harness for multiple choice: white space at the end of "
        + "the context goes to the choices, whose tokens are what follows the context's own. "
        + "lm-evaluation-harness leaves out the beginning-of-text token where it is told so; --no-bos "
        + "does that, too.",
      "With OTHER both are asked, and it is said how often they choose the same and, by McNemar's "
        + "exact test, whether one of them is better. With --json one object is written at the "
        + "end.",
    ],
    positionals: [.model, other],
    options: [lines, bare, window, .mode, .cache, .routing, .verifyChecksums],
    examples: [
      .init("accuracy", "score doge-int4.kibble --jsonl arc.jsonl --json"),
      .init("what int4 costs", "score ./Doge-320M doge-int4.kibble --jsonl arc.jsonl"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let runtime = try Runtime(context, verifiesChecksums: arguments.has(.verifyChecksums))
    let paths = [try arguments.argument(.model)] + arguments.rest(Self.other)
    let scorers = try paths.map { try scorer($0, arguments, runtime) }
    let lines = try JSONLines(arguments.required(Self.lines))
    var report = ScoreReport(paths: paths, mode: scorers[0].model.mode)
    try context.progress.phase("scoring", total: lines.expectedCount ?? 0, unit: .items) {
      var failure: (any Error)?
      while failure == nil {
        try context.progress.checkCancellation()
        // For each question what every model's tokenizer makes of it.
        var batch: [[TokenizedChoices]] = []
        do {
          while batch.count < ChoiceScorer.batch, batch.isEmpty || lines.isReady,
            let question = try lines.next({ line in
              let item = try ChoiceItem(line)
              return try scorers.map { try $0.tokenized(item) }
            })
          {
            batch.append(question)
          }
        } catch {
          // What came before is scored all the same.
          failure = error
        }
        if batch.isEmpty { break }
        let scores = try scorers.indices.map { model in
          try scorers[model].scores(of: batch.map { $0[model] })
        }
        for (index, question) in batch.enumerated() {
          let own = scores.map { $0[index] }
          report.add(own, answer: question[0].item.answer)
          if !context.json { try context.output.writeLine(own.json.serialized()) }
        }
        try context.output.flush()
        context.progress.report(.advanced(by: batch.count))
      }
      if let failure { throw failure }
    }
    for scorer in scorers { try scorer.model.stored.checkUnchanged() }
    if let scorer = scorers.first(where: { $0.cutCount > 0 }) {
      context.warn(
        Warning(
          code: "score.cut",
          "\(scorer.cutCount) choices with their contexts have more than the \(scorer.limit) tokens "
            + "of the model's context, and the beginnings of these were left out",
          hint: "--context takes more where the model's RoPE can"))
    }
    if context.json {
      try context.emit(report.json)
    } else {
      context.note(report.text)
    }
    return .success
  }

  private func scorer(
    _ path: String, _ arguments: ParsedArguments, _ runtime: Runtime
  ) throws -> ChoiceScorer {
    let files = try TextFiles(path: path)
    let tokenizer = try files.tokenizer()
    let model = try runtime.model(
      path, mode: arguments.mode() ?? .exact, cache: arguments.cacheType())
    return ChoiceScorer(
      model, tokenizer: tokenizer,
      beginning: arguments.has(Self.bare) ? [] : tokenizer.beginning,
      prefix: try files.beginningOfText(tokenizer, model.config) ?? tokenizer.beginning.last,
      routing: arguments.routing(),
      context: try arguments.integer(Self.window, in: 1...model.config.longestContext))
  }
}

extension ChoiceItem {
  /// Reads a line of `score --jsonl`.
  fileprivate init(_ line: JSONObject) throws {
    let given = line["context"]
    guard let contexts = given?.stringValue.map({ [$0] }) ?? given?.arrayValue?.texts else {
      throw JSONLineError.missing(
        "context", expected: "a text, which may be empty, or an array of one for each choice")
    }
    guard let list = line["choices"]?.arrayValue, let choices = list.texts else {
      throw JSONLineError.missing("choices", expected: "an array of texts")
    }
    var answer: Int?
    if let value = line["answer"], value != .null {
      answer = value.intValue
      if answer == nil { throw JSONLineError.missing("answer", expected: "an index or null") }
    }
    try self.init(contexts: contexts, choices: choices, answer: answer)
  }
}

extension [JSON] {
  /// The texts, if all are.
  fileprivate var texts: [String]? {
    let texts = compactMap(\.stringValue)
    return texts.count == count ? texts : nil
  }
}
