import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import JSONCore
import Kernels
import ModelFile
import Parallel
import ToolSupport
import Verification

/// `kibble bench`: speed and memory of a model on this machine.
struct BenchCommand: Command {
  static let prefill = OptionSpec.value(
    "prefill", "N", "tokens of a prompt, in one call", default: "128")
  static let decode = OptionSpec.value(
    "decode", "N", "tokens one by one, from an empty cache", default: "64")
  static let depth = OptionSpec.value(
    "depth", "N", "tokens in the cache before decoding", default: "0")
  static let runs = OptionSpec.value("repeat", "N", "times that each is run", default: "5")
  static let allLogits = OptionSpec.flag(
    "all-logits", "in prefill, compute the head for every token and not only the last")

  static let spec = CommandSpec(
    name: "bench", summary: "measure a model's speed and memory",
    discussion: [
      "Tokens are random. Decoding computes the logits of every token. Each figure is the median "
        + "of several runs after half a second to warm up, with the least and the greatest "
        + "beside it.",
      "The read bandwidth is measured on the very bytes that a token reads, by threads that do "
        + "nothing else; decoding cannot be faster than that.",
    ],
    positionals: [.model],
    options: [prefill, decode, depth, runs, allLogits, .mode, .routing, .verifyChecksums],
    examples: [.init("a long prompt", "bench doge-int4.kibble --prefill 512")])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let started = monotonicSeconds()
    let prefill = try arguments.integer(Self.prefill, in: 1...1 << 20) ?? 128
    let decode = try arguments.integer(Self.decode, in: 1...1 << 20) ?? 64
    let depth = try arguments.integer(Self.depth, in: 0...1 << 20) ?? 0
    let repeats = try arguments.integer(Self.runs, in: 1...1000) ?? 5
    let mode = arguments.mode() ?? .fast
    let runtime = try Runtime(
      context, verifiesChecksums: arguments.has(.verifyChecksums))
    let model = try runtime.model(arguments.argument(.model), mode: mode)
    let bench = Benchmark(
      model: model, routing: arguments.routing(), progress: context.progress)
    let firstToken = try bench.firstToken(prompt: 16) - started
    let result = BenchReport(
      prefill: try bench.prefill(
        prefill, repeats: repeats, allLogits: arguments.has(Self.allLogits)),
      decode: try bench.decode(decode, depth: depth, repeats: repeats),
      firstTokenSeconds: firstToken, weightBytesPerToken: model.weightBytesPerToken,
      readBandwidth: bench.readBandwidth(repeats: repeats),
      peakBytes: FileSystem.peakResidentBytes(), mode: mode, isa: runtime.compute.kernels.isa,
      threads: runtime.compute.pool.threadCount, prefillTokens: prefill, decodeTokens: decode,
      depth: depth)
    try model.stored.checkUnchanged()
    if context.json {
      try context.emit(result.json)
    } else {
      try context.output.write(result.text)
    }
    return .success
  }
}

/// A figure that was measured several times.
struct Measurement {
  let minimum: Double
  let median: Double
  let maximum: Double

  /// `amount` per second, for runs that took so long.
  init(_ amount: Int, seconds: [Double]) {
    let rates = seconds.map { Double(amount) / $0 }.sorted()
    minimum = rates.first ?? 0
    maximum = rates.last ?? 0
    let middle = rates.count / 2
    median = rates.count % 2 == 1 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2
  }

  var json: JSON { ["min": JSON(minimum), "median": JSON(median), "max": JSON(maximum)] }
}

/// Runs a model against the clock.
struct Benchmark {
  let model: DogeModel
  let routing: ExpertRouting
  let progress: any ProgressSink
  private let workspace = Workspace()

  init(model: DogeModel, routing: ExpertRouting, progress: any ProgressSink) {
    self.model = model
    self.routing = routing
    self.progress = progress
  }

  private func tokens(_ count: Int, seed: UInt64) -> [Int] {
    TokenSequences.random(
      count, seed: seed, vocabulary: model.config.vocabularySize, window: max(1, count)
    ).flatMap { $0 }
  }

  /// When the first token after a prompt is known, by the monotonic clock.
  func firstToken(prompt: Int) throws -> Double {
    let cache = model.makeCache(maximum: prompt)
    let hidden = try model.forward(
      tokens(prompt, seed: 0), cache: cache, workspace: workspace, routing: routing)
    let logits = model.logits(hidden, rows: prompt - 1..<prompt)
    return withExtendedLifetime(logits) { monotonicSeconds() }
  }

  /// Speed of a prompt in one call.
  func prefill(_ count: Int, repeats: Int, allLogits: Bool) throws -> Measurement {
    let prompt = tokens(count, seed: 1)
    let cache = model.makeCache(maximum: count)
    let buffer = model.makeLogitsBuffer(rows: allLogits ? min(count, model.logitsBlock) : 1)
    return Measurement(
      count,
      seconds: try timed(repeats, phase: "prefill") {
        cache.truncate(to: 0)
        let hidden = try model.forward(
          prompt, cache: cache, workspace: workspace, routing: routing,
          wanted: allLogits ? nil : 1)
        for start in stride(from: allLogits ? 0 : count - 1, to: count, by: buffer.rows) {
          _ = model.logits(hidden, rows: start..<min(start + buffer.rows, count), in: buffer)
        }
      })
  }

  /// Speed of tokens one by one, behind `depth` tokens in the cache.
  func decode(_ count: Int, depth: Int, repeats: Int) throws -> Measurement {
    let input = tokens(count, seed: 2)
    let buffer = model.makeLogitsBuffer(rows: 1)
    let cache = model.makeCache(maximum: depth + count)
    if depth > 0 {
      _ = try model.forward(
        tokens(depth, seed: 3), cache: cache, workspace: workspace, routing: routing)
    }
    return Measurement(
      count,
      seconds: try timed(repeats, phase: "decode") {
        cache.truncate(to: depth)
        for token in input {
          let hidden = try model.forward(
            [token], cache: cache, workspace: workspace, routing: routing)
          _ = model.logits(hidden, rows: 0..<1, in: buffer)
        }
      })
  }

  /// Bytes per second at which the threads read the weights.
  func readBandwidth(repeats: Int) -> Double {
    let bytes = model.readWeights()
    // Small models are read several times in a run, so that the clock's grain does not matter.
    let rounds = max(1, (256 << 20) / max(1, bytes))
    let seconds = (0..<repeats).map { _ in
      let start = monotonicSeconds()
      for _ in 0..<rounds { model.readWeights() }
      return monotonicSeconds() - start
    }
    return Measurement(bytes * rounds, seconds: seconds).median
  }

  private static let warmUpSeconds = 0.5

  private func timed(
    _ repeats: Int, phase: String, _ body: () throws -> Void
  ) throws -> [Double] {
    try progress.phase(phase, total: repeats, unit: .items) {
      // Clocks and caches take a while to come up; small models would be measured before that.
      let begun = monotonicSeconds()
      repeat { try body() } while monotonicSeconds() - begun < Self.warmUpSeconds
      return try (0..<repeats).map { _ in
        try progress.checkCancellation()
        let start = monotonicSeconds()
        try body()
        progress.report(.advanced(by: 1))
        return monotonicSeconds() - start
      }
    }
  }
}
