import ByteIO
import DogeArchitecture
import DogeModel
import Kernels
import LibC
import ModelFile
import Parallel
import ToolSupport

/// `kibble bench`: speed and memory of a model on this machine.
struct BenchCommand: Command {
  static let prefill = OptionSpec.value(
    "prefill", "N", "tokens of a prompt, in one call", default: "128")
  static let decode = OptionSpec.value(
    "decode", "N", "tokens one by one, from an empty cache", default: "64")
  static let depth = OptionSpec.value(
    "depth", "N", "tokens in the cache before decoding", default: "0")
  static let batch = OptionSpec.value(
    "batch", "N", "sequences that are decoded together; 0 for none", default: "16")
  static let runs = OptionSpec.value("repeat", "N", "times that each is run", default: "5")
  static let allLogits = OptionSpec.flag(
    "all-logits", "in prefill, compute the head for every token and not only the last")

  static let spec = CommandSpec(
    name: "bench", summary: "measure a model's speed and memory",
    discussion: [
      "Tokens are random. Decoding computes the logits of every token; without --depth it is "
        + "measured from an empty cache and again behind 1,024 tokens, or as many as the model was "
        + "trained for. Generation draws each token, too, with temperature 0.8, top-k 50 and top-p "
        + "0.9. A batch is some sequences of 16 tokens from empty caches, all tokens counted; its "
        + "memory is not in the peak. Each figure is the median of several runs after half a second to warm up, with the "
        + "least and the greatest beside it.",
      "The read bandwidth is measured on the very bytes that a token reads, by threads that do "
        + "nothing else; decoding cannot be faster than that. Threads that work on one token meet "
        + "many times, and each time wait for a cache line to come from another core: that time "
        + "differs between machines and, on virtual ones, from minute to minute.",
    ],
    positionals: [.model],
    options: [
      prefill, decode, depth, batch, runs, allLogits, .mode, .cache, .routing, .verifyChecksums,
    ],
    examples: [.init("a long prompt", "bench doge-int4.kibble --prefill 512")])

  /// Tokens in the cache where no --depth is given, if the model has room for them.
  private static let usualDepth = 1024

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let started = monotonicSeconds()
    let prefill = try arguments.integer(Self.prefill, in: 1...1 << 20) ?? 128
    let decode = try arguments.integer(Self.decode, in: 1...1 << 20) ?? 64
    let depth = try arguments.integer(Self.depth, in: 0...1 << 20) ?? 0
    let batch = try arguments.integer(Self.batch, in: 0...1024) ?? 16
    let repeats = try arguments.integer(Self.runs, in: 1...1000) ?? 5
    let mode = arguments.mode() ?? .fast
    let runtime = try Runtime(
      context, verifiesChecksums: arguments.has(.verifyChecksums))
    let model = try runtime.model(
      arguments.argument(.model), mode: mode, cache: arguments.cacheType())
    let bench = Benchmark(
      model: model, routing: arguments.routing(), repeats: repeats, progress: context.progress)
    let firstToken = try bench.firstToken(prompt: 16) - started
    let ping = CorePing.nanoseconds(processors: Runtime.processors)
    let prefilled = try bench.prefill(prefill, allLogits: arguments.has(Self.allLogits))
    let decoded = try bench.decode(decode, depth: depth)
    let usual = min(Self.usualDepth, model.config.maxPositions - decode)
    let deep =
      depth == 0 && usual > 0 ? (usual, try bench.decode(decode, depth: usual)) : nil
    let generated = try bench.generate(decode)
    let peak = FileSystem.peakResidentBytes()
    let batched =
      batch > 0 ? (batch, try bench.batch(batch, steps: min(16, model.config.maxPositions))) : nil
    let read = decoded.median * Double(model.weightBytesPerToken)
    let result = BenchReport(
      prefill: prefilled, decode: decoded, deep: deep, generation: generated, batch: batched,
      firstTokenSeconds: firstToken, weightBytesPerToken: model.weightBytesPerToken,
      readBandwidth: bench.readBandwidth(atLeast: read), corePing: ping,
      processorShare: bench.share.value, peakBytes: peak, mode: mode,
      cacheType: model.cacheType, isa: runtime.compute.kernels.isa,
      threads: runtime.compute.pool.threadCount,
      prefillTokens: prefill, decodeTokens: decode, depth: depth)
    try model.stored.checkUnchanged()
    if context.json {
      try context.emit(result.json)
    } else {
      try context.output.write(result.text)
    }
    return .success
  }
}
