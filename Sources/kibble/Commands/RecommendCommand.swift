import ByteIO
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

  static let spec = CommandSpec(
    name: "recommend", summary: "measure types side by side, and name one to use",
    discussion: [
      "Makes the model in each type in memory, by the method `search` in groups of 32, compares its "
        + "logits with the checkpoint's, and decodes with it in fast mode: file size, memory with "
        + "1,024 tokens in the cache, tokens per second here, mean KLD and how often the top token "
        + "is the same. All of them are in memory together: some 8 bytes for each weight.",
      "With --max-size the type with the least mean KLD that fits is recommended, without it the "
        + "smallest whose mean KLD is at most 0.01 nats. `quantize --method gptq`, `--type mixed` and "
        + "`--tune` get more out of the same bytes.",
      "Without --tokens, the built-in text of `verify` is what they are compared on.",
    ],
    positionals: [.required("CHECKPOINT", "a checkpoint folder, or a .kibble file of floats")],
    options: [limit, .tokens, .routing],
    examples: [
      .init("for a board with little flash", "recommend Doge-20M --max-size 8MB"),
      .init("points for `plot`", "recommend Doge-20M --json > types.json"),
    ])

  /// The types that are tried beside the checkpoint's own.
  private static let types: [WeightType] = [
    .int8, .int8s, .int6s, .int5s, .int4, .int4s, .int3s, .int2s,
  ]
  /// Tokens in the cache for the memory's figure, and tokens that are decoded for the speed.
  private static let (cached, decoded) = (1024, 32)
  private static let repeats = 3
  /// The threads are warm from the comparison.
  private static let warmUp = 0.1

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.spec.positionals[0])
    let limit = try arguments.byteCount(Self.limit)
    let runtime = try Runtime(context)
    let source = try ModelSource.open(path: path)
    let tokens =
      try arguments.value(.tokens).map { try VerificationInput.tokens(file: $0) }
      ?? .builtIn([path], config: source.config)
    let plans = try ([.source] + Self.types.map { TargetType.weights($0) }).map {
      try ConversionPlan(
        source: source, recipe: EncodingRecipe(target: $0), toolVersion: toolVersion)
    }
    context.warn(ofCheckpoint: source.warnings)
    let models = try plans.map { try runtime.converter.load($0).model }
    let statistics = try Verifier(
      reference: runtime.model(models[0], mode: .exact),
      candidates: models.map { runtime.model($0, mode: .exact) }, compute: runtime.compute,
      routing: arguments.routing()
    ).compare(tokens.sequences, scoring: tokens.scoring, progress: context.progress)
    var rows: [RecommendedType] = []
    for ((plan, model), statistics) in zip(zip(plans, models), statistics) {
      let fast = runtime.model(model, mode: .fast)
      let bench = Benchmark(
        model: fast, routing: arguments.routing(), repeats: Self.repeats,
        warmUp: Self.warmUp, progress: context.progress)
      let speed = try bench.decode(min(Self.decoded, fast.config.maxPositions), depth: 0)
      rows.append(
        RecommendedType(
          plan, statistics, tokensPerSecond: speed.median,
          memory: model.file.tensorBytes
            + (try fast.cacheBytes(tokens: min(Self.cached, fast.config.maxPositions)))))
    }
    try source.checkUnchanged()
    let recommendation = Recommendation(path: path, input: tokens, limit: limit, rows: rows)
    if context.json {
      try context.emit(recommendation.json)
    } else if !context.quiet {
      try context.output.write(recommendation.text(width: Terminal.outputWidth()))
    }
    return .success
  }
}
