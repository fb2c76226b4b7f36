import ByteIO
import Calibration
import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import ToolSupport
import Verification

/// `kibble recommend`: which type a model should be stored in.
struct RecommendCommand: Command {
  static let limit = OptionSpec.value(
    "max-size", "BYTES", "the largest file, such as 750000, 750k or 12MiB")
  static let mixed = OptionSpec.repeated(
    "mixed", "X",
    "the file of `quantize --type mixed --target-bpw X`, too, which takes as long as that command")

  static let spec = CommandSpec(
    name: "recommend", summary: "measure types side by side, and name one to use",
    discussion: [
      "Makes the model in each type in memory, by the method `search` in groups of 32, compares its "
        + "logits with the checkpoint's, and decodes with it in fast mode: file size, memory with "
        + "1,024 tokens in the cache, tokens per second here, mean KLD and how often the top token "
        + "is the same.",
      "Recommended is, of the types that run in this machine's free memory: with --max-size the one "
        + "with the least mean KLD that fits, else the smallest whose mean KLD is at most 0.01 nats. "
        + "`quantize --method gptq`, `--type mixed` and `--tune` get more out of the same bytes.",
      "Without --tokens, the built-in text of `verify` is what they are compared on.",
    ],
    positionals: [.required("CHECKPOINT", "a checkpoint folder, or a .kibble file of floats")],
    options: [limit, mixed, .calibration, .tokens, .routing],
    examples: [
      .init("for a board with little flash", "recommend Doge-20M --max-size 8MB"),
      .init("what budgets would bring", "recommend Doge-20M --mixed 3.5 --mixed 4.6"),
      .init("points for `plot`", "recommend Doge-20M --json > types.json"),
    ])

  /// The types that are tried beside the checkpoint's own.
  private static let types: [WeightType] = [
    .int8, .int8s, .int6s, .int5s, .int4, .int4s, .int3s, .int2s,
  ]

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.spec.positionals[0])
    let limit = try arguments.byteCount(Self.limit)
    let budgets = try arguments.budgets()
    let runtime = try Runtime(context)
    let source = try ModelSource.open(path: path)
    let tokens =
      try arguments.value(.tokens).map { try VerificationInput.tokens(file: $0) }
      ?? .builtIn([path], config: source.config)
    context.warn(ofCheckpoint: source.warnings)
    var plans = try ([.source] + Self.types.map { TargetType.weights($0) }).map {
      try ConversionPlan(
        source: source, recipe: EncodingRecipe(target: $0), toolVersion: toolVersion)
    }
    let calibration =
      budgets.isEmpty ? nil : try arguments.calibration(of: path, for: .gptq, context)
    if let calibration {
      var base = EncodingRecipe(target: .mixed, method: .gptq)
      base.calibration = CalibrationSummary(calibration)
      plans += try runtime.calibrator(context).mixedRecipes(
        for: source, base: base, under: budgets.map(SizeBudget.bitsPerWeight),
        sequences: calibration, toolVersion: toolVersion
      ).map(\.plan)
    }
    let trial = TypeTrial(
      runtime: runtime, context: context, input: tokens, routing: arguments.routing(),
      calibration: calibration ?? [])
    let rows = try trial.rows(of: plans)
    try source.checkUnchanged()
    let recommendation = Recommendation(
      path: path, input: tokens, limit: limit, memory: FileSystem.availableMemory(), rows: rows,
      budgets: budgets, calibration: arguments.value(.calibration))
    if context.json {
      try context.emit(recommendation.json)
    } else {
      try context.output.write(recommendation.text(width: Terminal.outputWidth()))
    }
    return .success
  }
}

extension ParsedArguments {
  /// The bits per weight of `--mixed`.
  fileprivate func budgets() throws -> [Double] {
    let option = RecommendCommand.mixed
    if !has(option), let path = value(.calibration) {
      throw invalid(.calibration, path, expected: "with --mixed alone")
    }
    return try values(option).map { text in
      guard let bits = Double(text), (1...32).contains(bits) else {
        throw invalid(option, text, expected: "a number from 1 to 32")
      }
      return bits
    }
  }
}

/// Models in some types, made in memory, compared and timed.
private struct TypeTrial {
  let runtime: Runtime
  let context: CommandContext
  let input: VerificationInput
  let routing: ExpertRouting
  let calibration: [[Int]]

  /// Tokens in the cache for the memory's figure, and tokens that are decoded for the speed.
  private static let (cached, decoded) = (1024, 32)
  private static let repeats = 3
  /// The threads are warm from the comparison.
  private static let warmUp = 0.1

  /// A row for each plan, of which the first is the reference's; as many at a time are in memory as
  /// take half of what is free.
  func rows(of plans: [ConversionPlan]) throws -> [RecommendedType] {
    guard let first = plans.first else { return [] }
    let reference = try model(of: first)
    let room = (FileSystem.availableMemory() ?? .max) / 2
    var rows: [RecommendedType] = []
    while rows.count < plans.count {
      var bytes = 0
      let group = plans[rows.count...].prefix { plan in
        defer { bytes += plan.fileLength }
        return bytes == 0 || bytes + plan.fileLength <= room
      }
      // The reference is there already.
      let models = try group.indices.map {
        $0 == plans.startIndex ? reference : try model(of: plans[$0])
      }
      rows += try self.rows(of: Array(group), models, reference: reference)
    }
    return rows
  }

  private func rows(
    of plans: [ConversionPlan], _ models: [StoredModel], reference: StoredModel
  ) throws -> [RecommendedType] {
    let statistics = try Verifier(
      reference: runtime.model(reference, mode: .exact),
      candidates: models.map { runtime.model($0, mode: .exact) }, compute: runtime.compute,
      routing: routing
    ).compare(input.sequences, scoring: input.scoring, progress: context.progress)
    return try zip(zip(plans, models), statistics).map { made, statistics in
      let fast = runtime.model(made.1, mode: .fast)
      let bench = Benchmark(
        model: fast, routing: routing, repeats: Self.repeats, warmUp: Self.warmUp,
        progress: context.progress)
      let speed = try bench.decode(min(Self.decoded, fast.config.maxPositions), depth: 0)
      return RecommendedType(
        made.0, statistics, tokensPerSecond: speed.median,
        memory: made.1.file.tensorBytes
          + (try fast.cacheBytes(tokens: min(Self.cached, fast.config.maxPositions))))
    }
  }

  private func model(of plan: ConversionPlan) throws -> StoredModel {
    guard plan.recipe.method == .gptq else { return try runtime.converter.load(plan).model }
    return try runtime.calibrator(context).load(plan, sequences: calibration).model
  }
}
