import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import Kernels
import LibC
import Parallel
import ToolSupport
import Verification

/// Runs a model against the clock.
final class Benchmark {
  private let model: DogeModel
  private let routing: ExpertRouting
  private let progress: any ProgressSink
  private let repeats: Int
  /// Seconds that each measurement runs before it counts.
  private let warmUp: Double
  private(set) var share: ProcessorShare

  init(
    model: DogeModel, routing: ExpertRouting, repeats: Int, warmUp: Double = 0.5,
    progress: any ProgressSink
  ) {
    self.model = model
    self.routing = routing
    self.repeats = repeats
    self.warmUp = warmUp
    self.progress = progress
    share = ProcessorShare(threads: model.compute.pool.threadCount)
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
      tokens(prompt, seed: 0), cache: cache, routing: routing, wanted: 1)
    let logits = model.logits(hidden, rows: prompt - 1..<prompt)
    return withExtendedLifetime(logits) { monotonicSeconds() }
  }

  /// Speed of a prompt in one call.
  func prefill(_ count: Int, allLogits: Bool) throws -> Measurement {
    let prompt = tokens(count, seed: 1)
    let cache = model.makeCache(maximum: count)
    let workspace = Workspace()
    let buffer = model.makeLogitsBuffer(rows: allLogits ? min(count, model.logitsBlock) : 1)
    return Measurement(
      count,
      seconds: try timed("prefill") {
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
  func decode(_ count: Int, depth: Int) throws -> Measurement {
    let input = tokens(count, seed: 2)
    let buffer = model.makeLogitsBuffer(rows: 1)
    let cache = model.makeCache(maximum: depth + count)
    try fill(cache, depth)
    let workspace = Workspace()
    return Measurement(
      count,
      seconds: try timed("decode") {
        cache.truncate(to: depth)
        for token in input {
          let hidden = try model.forward(
            [token], cache: cache, workspace: workspace, routing: routing)
          _ = model.logits(hidden, rows: 0..<1, in: buffer)
        }
      })
  }

  /// Speed of several sequences together, each from an empty cache, in tokens of all of them.
  func batch(_ sequences: Int, steps: Int) throws -> Measurement {
    let input = tokens(sequences * steps, seed: 6)
    let buffer = model.makeLogitsBuffer(rows: sequences)
    let caches = (0..<sequences).map { _ in model.makeCache(maximum: steps) }
    let workspace = Workspace()
    return Measurement(
      sequences * steps,
      seconds: try timed("batch") {
        for cache in caches { cache.truncate(to: 0) }
        for step in 0..<steps {
          let calls = zip(caches, input[(step * sequences)...]).map {
            SequenceCall([$1], cache: $0)
          }
          let hidden = try model.forward(calls, workspace: workspace, routing: routing)
          _ = model.logits(hidden, rows: 0..<sequences, in: buffer)
        }
      })
  }

  /// Fills a cache, in small calls: what they need must not be the most that the process takes.
  private func fill(_ cache: KVCache, _ count: Int) throws {
    let workspace = Workspace()
    let input = tokens(count, seed: 3)
    for start in stride(from: 0, to: count, by: Self.fillingBlock) {
      let part = Array(input[start..<min(start + Self.fillingBlock, count)])
      _ = try model.forward(
        part, cache: cache, workspace: workspace, routing: routing, wanted: 0)
    }
  }

  /// Speed of tokens that are drawn one by one, as `generate` does it.
  func generate(_ count: Int) throws -> Measurement {
    let prompt = tokens(Self.generationPrompt, seed: 4)
    var config = GenerationConfig()
    config.maxNewTokens = count + 1
    config.sampling.samples = true
    config.sampling.temperature = 0.8
    config.sampling.topK = 50
    config.sampling.topP = 0.9
    let generator = Generator(
      model: model, routing: routing, context: prompt.count + count + 1)
    var sampler = Sampler(seed: 5)
    var seconds: [Double] = []
    _ = try timed("generation") {
      var first: Double?
      // The first token comes with the prompt.
      _ = try generator.generate(prompt, config: config, sampler: &sampler) { event in
        if case .token = event, first == nil { first = monotonicSeconds() }
      }
      if let first { seconds.append(monotonicSeconds() - first) }
    }
    return Measurement(count, seconds: seconds.suffix(repeats))
  }

  /// Bytes per second at which the threads read the weights: the median of some runs.
  private func readBandwidth() -> Double {
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

  /// The same, measured anew where it is less than something that reads the weights has shown.
  func readBandwidth(atLeast shown: Double) -> Double {
    var best = readBandwidth()
    for _ in 0..<Self.remeasurements where best < shown { best = max(best, readBandwidth()) }
    return best
  }

  private static let remeasurements = 3
  private static let generationPrompt = 16
  private static let fillingBlock = 32

  private func timed(_ phase: String, _ body: () throws -> Void) throws -> [Double] {
    try progress.phase(phase, total: repeats, unit: .items) {
      // Clocks and caches take a while to come up; small models would be measured before that.
      let begun = monotonicSeconds()
      repeat { try body() } while monotonicSeconds() - begun < warmUp
      return try (0..<repeats).map { _ in
        try progress.checkCancellation()
        let start = monotonicSeconds()
        try share.measure(body)
        progress.report(.advanced(by: 1))
        return monotonicSeconds() - start
      }
    }
  }
}
