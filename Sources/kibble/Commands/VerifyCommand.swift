import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore
import ToolSupport
import Verification

/// `kibble verify`: whether two models, or a model and logits made elsewhere, agree.
struct VerifyCommand: Command {
  static let random = OptionSpec.value("random", "N", "run N random tokens")
  static let seed = OptionSpec.value("seed", "S", "seed of the random tokens", default: "0")
  static let golden = OptionSpec.value(
    "golden", "FILE", "compare MODEL with the logits of a safetensors file")
  static let gate = OptionSpec.value(
    "gate", "GATE", "limits that the result must keep: int8, int6, int5, int4, or a JSON file")
  /// The options that each set one gate, and what it limits.
  static let gates: [(option: OptionSpec, measure: Gate.Measure)] = [
    (.value("max-mean-kld", "X", "limit of the mean KL divergence, in nats"), .maxMeanKLD),
    (.value("max-kld", "X", "limit of the largest KL divergence"), .maxKLD),
    (.value("min-top1", "X", "least share of equal most likely tokens, 0 to 1"), .minTop1),
    (.value("max-abs-diff", "X", "limit of the largest difference of a logit"), .maxAbsDifference),
    (.value("max-nmse", "X", "limit of the normalized mean squared difference"), .maxNMSE),
  ]

  static let spec = CommandSpec(
    name: "verify", summary: "run two models on the same tokens and compare their logits",
    discussion: [
      "The reference is right by definition; KLD is KL(reference || candidate) in nats, per "
        + "position. With gates, the exit code is 1 if one of them fails.",
      "--mode is the candidate's; the reference always runs exact. Without it the candidate runs "
        + "exact, and a quantized one fast as well; gates look at the first.",
      "With --golden, one model is compared with logits that were made elsewhere.",
      "A --text is cut into windows of --context tokens, the beginning-of-text token at the head of "
        + "each; perplexity counts the second half of each window.",
      "Without --tokens, --text or --random, four sequences of 128 random tokens are run.",
    ],
    usage: ["REFERENCE CANDIDATE [OPTION…]", "--golden GOLDEN MODEL [OPTION…]"],
    positionals: [
      .required("REFERENCE", "a model; with --golden the only one"),
      .optional("CANDIDATE", "the model that is judged"),
    ],
    options: [
      .tokens, .text, .context, random, seed, golden, .mode, .stepwise, .routing, gate,
    ] + gates.map(\.option),
    examples: [
      .init(
        "an int8 file against its checkpoint", "verify ./Doge-20M doge-int8.kibble --gate int8"),
      .init("against logits from elsewhere", "verify --golden golden.safetensors ./Doge-20M"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let gates = try gates(arguments)
    let path = try arguments.argument(Self.spec.positionals[0])
    let other = arguments.optionalArgument(Self.spec.positionals[1])
    let report: VerificationReport
    let compute: Compute
    if let golden = arguments.value(Self.golden) {
      (report, compute) = try compare(path, golden: golden, other, gates, arguments, context)
    } else {
      guard let other else { throw UsageError.missingArgument("CANDIDATE", command: "verify") }
      (report, compute) = try compare(path, other, gates, arguments, context)
    }
    if context.json {
      try context.emit(
        report.json(isa: compute.kernels.isa, threads: compute.pool.threadCount))
    } else {
      try context.output.write(report.text)
    }
    return report.passed == false ? .difference : .success
  }

  private func compare(
    _ path: String, golden: String, _ other: String?, _ gates: [Gate],
    _ arguments: ParsedArguments, _ context: CommandContext
  ) throws -> (VerificationReport, Compute) {
    guard other == nil else {
      throw UsageError.unexpectedArgument(other ?? "", command: "verify")
    }
    for option in [.tokens, .text, Self.random] {
      try arguments.refuse(Self.golden, with: option)
    }
    let mode = arguments.mode() ?? .exact
    let file = try Golden(path: golden)
    let runtime = try Runtime(context, verifiesChecksums: true)
    let model = try runtime.model(path, mode: mode)
    let comparison = try file.compare(
      model, stepwise: arguments.has(.stepwise), routing: arguments.routing(),
      compute: runtime.compute)
    try model.stored.checkUnchanged()
    let report = VerificationReport(
      reference: golden, candidate: path, mode: mode, statistics: comparison.statistics,
      fast: nil, gates: gates, hidden: comparison.hidden)
    return (report, runtime.compute)
  }

  private func compare(
    _ path: String, _ other: String, _ gates: [Gate], _ arguments: ParsedArguments,
    _ context: CommandContext
  ) throws -> (VerificationReport, Compute) {
    guard !arguments.has(.stepwise) else {
      throw UsageError.missingOption("--golden", command: "verify")
    }
    // All that can be wrong with the command line and its small files, before a model is loaded.
    let sequences = try sequences(arguments, model: path)
    let sources = try (ModelSource.open(path: path), ModelSource.open(path: other))
    let input = try sequences(sources.0.config)
    try Verifier.checkVocabularies(sources.0.config, sources.1.config)
    let runtime = try Runtime(context, verifiesChecksums: true)
    let reference = try runtime.model(sources.0)
    let stored = try runtime.stored(sources.1)
    let scoring = arguments.has(.text) ? Scoring.secondHalf : .all
    let mode = arguments.mode() ?? .exact
    // Fast mode differs for quantized matrices alone.
    let hasFast = arguments.mode() == nil && stored.isQuantized
    let modes = hasFast ? [mode, .fast] : [mode]
    let statistics = try Verifier(
      reference: reference, candidates: modes.map { runtime.model(stored, mode: $0) },
      compute: runtime.compute, routing: arguments.routing()
    ).compare(input, scoring: scoring, progress: context.progress)
    for model in [reference.stored, stored] { try model.checkUnchanged() }
    let report = VerificationReport(
      reference: path, candidate: other, mode: mode, statistics: statistics[0],
      fast: hasFast ? statistics[1] : nil, gates: gates, hidden: [])
    return (report, runtime.compute)
  }

  /// Reads what the options say of the input; only a text and random tokens need the config.
  private func sequences(
    _ arguments: ParsedArguments, model: String
  ) throws -> (DogeConfig) throws -> [[Int]] {
    try arguments.refuse(.tokens, with: .text)
    for option in [OptionSpec.tokens, .text] { try arguments.refuse(option, with: Self.random) }
    let count = try arguments.integer(Self.random, in: 1...1 << 24)
    let seed = try arguments.unsigned(Self.seed) ?? 0
    if arguments.has(.tokens) || arguments.has(.text) {
      return try arguments.sequences(model: model)
    }
    return { config in
      let vocabulary = config.vocabularySize
      guard let count else { return TokenSequences.builtIn(vocabulary: vocabulary) }
      return TokenSequences.random(count, seed: seed, vocabulary: vocabulary)
    }
  }

  private func gates(_ arguments: ParsedArguments) throws -> [Gate] {
    var gates: [Gate] = []
    if let name = arguments.value(Self.gate) {
      gates =
        try Gate.preset(name)
        ?? Gate.parse(FileSystem.read(name, limit: Limits.gateFile), path: name)
    }
    for (option, measure) in Self.gates {
      let most = measure == .minTop1 ? 1 : Double.greatestFiniteMagnitude
      if let limit = try arguments.number(option, in: 0...most) {
        gates.append(Gate(measure, limit: limit))
      }
    }
    return gates
  }
}
