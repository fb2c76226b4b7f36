import DogeArchitecture
import DogeModel
import Kernels

/// Generates what follows each of many prompts, several of them at a time.
///
/// A token of each is run in one call, so that the weights are read once for all. Each gets what
/// `Generator` would give it alone.
public final class BatchGenerator {
  /// The model.
  public let model: DogeModel
  private let generators: [Generator]
  private let workspace = Workspace()
  private let buffer: LogitsBuffer

  /// A prompt that is being answered.
  private struct Active<Text: TextStream> {
    let prompt: Int
    let generator: Generator
    var run: GenerationRun<Text>
  }

  /// Makes a generator with empty caches.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - routing: how experts are chosen.
  ///   - context: the most tokens of a prompt and its result together; nil for as many as the
  ///     model was trained for.
  ///   - sequences: how many prompts are answered at a time, at least one.
  public init(
    model: DogeModel, routing: ExpertRouting = .hf, context: Int? = nil, sequences: Int
  ) {
    precondition(sequences > 0, "nothing can be answered")
    self.model = model
    let workspace = workspace
    generators = (0..<sequences).map { _ in
      Generator(model: model, routing: routing, context: context, workspace: workspace)
    }
    buffer = model.makeLogitsBuffer(rows: sequences)
  }

  /// Generates what follows each prompt.
  ///
  /// - Parameters:
  ///   - prompts: tokens of each, at least one.
  ///   - config: how tokens are chosen and when to end; nothing is guessed, whatever `lookup` is.
  ///   - sampler: draws for a prompt.
  ///   - text: turns a prompt's tokens into text.
  ///   - observe: is told what happens, and with which prompt.
  ///   - isCancelled: is asked at every token, and during prompts; true ends all.
  ///   - finished: gets a prompt's result as soon as it is there.
  /// - Throws: `GenerationError`, `ModelError`, or what the closures and the streams throw.
  public func generate<Text: TextStream>(
    _ prompts: [[Int]], config: GenerationConfig, sampler: (_ prompt: Int) -> Sampler,
    text: (_ prompt: Int) -> Text = { _ in NoText() },
    observe: (_ prompt: Int, GenerationEvent) throws -> Void = { _, _ in },
    isCancelled: () -> Bool = { false },
    finished: (_ prompt: Int, GenerationResult) throws -> Void
  ) throws {
    var config = config
    config.lookup = 0
    var waiting = prompts.indices
    var free = generators
    var active: [Active<Text>] = []
    while true {
      while !waiting.isEmpty, let generator = free.popLast() {
        let prompt = waiting.removeFirst()
        var run = try GenerationRun(
          generator, prompt: prompts[prompt], config: config, sampler: sampler(prompt),
          text: text(prompt))
        try run.begin(observe: { try observe(prompt, $0) }, isCancelled: isCancelled)
        active.append(Active(prompt: prompt, generator: generator, run: run))
      }
      guard !active.isEmpty else { return }
      for index in active.indices where !active[index].run.isOver {
        let prompt = active[index].prompt
        if isCancelled() {
          active[index].run.cancel()
        } else {
          try active[index].run.accept(try active[index].run.choose()) { try observe(prompt, $0) }
        }
      }
      for index in active.indices where active[index].run.isOver {
        let prompt = active[index].prompt
        try finished(prompt, try active[index].run.end { try observe(prompt, $0) })
        free.append(active[index].generator)
      }
      active.removeAll { $0.run.isOver }
      try advance(&active)
    }
  }

  /// Runs the pending token of each.
  private func advance<Text>(_ active: inout [Active<Text>]) throws {
    let tokens = active.compactMap(\.run.pending)
    precondition(tokens.count == active.count, "a run that is not over has a token to run")
    let calls = zip(active, tokens).map { $0.generator.call(adding: $1) }
    let hidden = try model.forward(
      calls, workspace: workspace, routing: generators[0].routing)
    guard hidden.rows > 0 else { return }
    let logits = model.logits(hidden, rows: 0..<hidden.rows, in: buffer)
    for (row, token) in tokens.enumerated() {
      active[row].generator.cached(token)
      active[row].run.take(logits, row: row)
    }
  }
}
