import DogeArchitecture
import DogeModel
import Kernels

/// Generates text with a model, and keeps what it has run for the next call.
///
/// A call whose prompt begins with tokens that the calls before it have run, as the next turn of a
/// conversation does, runs only the others. Results do not depend on that: where the length of a
/// call has a say in the outcome (formats/numerics.md, section 4), every prompt is run anew and in
/// one call, as transformers does.
public final class Generator {
  /// The model.
  public let model: DogeModel
  /// How experts are chosen.
  public let routing: ExpertRouting
  /// The most tokens of prompt and result together.
  public let context: Int
  /// The tokens that the cache holds.
  public private(set) var cachedTokens: [Int] = []
  private let cache: KVCache
  private let workspace: Workspace
  private let buffer: LogitsBuffer
  /// For the logits of several tokens.
  private var wideBuffer: LogitsBuffer?

  /// Prompts are run in pieces of this many tokens, between which they can be cancelled.
  package static let promptBlock = 128

  /// Makes a generator with an empty cache.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - routing: how experts are chosen.
  ///   - context: the most tokens of prompt and result together; nil for as many as the model was
  ///     trained for.
  public convenience init(model: DogeModel, routing: ExpertRouting = .hf, context: Int? = nil) {
    self.init(model: model, routing: routing, context: context, workspace: Workspace())
  }

  /// The same, with memory that others use in turn.
  init(model: DogeModel, routing: ExpertRouting, context: Int?, workspace: Workspace) {
    self.model = model
    self.workspace = workspace
    self.routing = routing
    self.context = context ?? model.config.maxPositions
    cache = model.makeCache(maximum: self.context)
    buffer = model.makeLogitsBuffer(rows: 1)
  }

  /// Whether the tokens of a prompt that are in the cache are used again.
  public var reusesPrefix: Bool {
    !model.mixesTokens(under: routing) && !model.frequenciesDependOnLength(upTo: context)
  }

  /// Forgets what has been run.
  public func reset() { forget(from: 0) }

  /// Generates what follows a prompt.
  ///
  /// - Parameters:
  ///   - prompt: tokens, at least one.
  ///   - config: how tokens are chosen and when to end.
  ///   - sampler: draws; it goes on where it is for the next call.
  ///   - text: turns tokens into text; end tokens are kept from it.
  ///   - observe: is told what happens.
  ///   - isCancelled: is asked at every token, and during the prompt; true ends generation.
  /// - Returns: the tokens and their text.
  /// - Throws: `GenerationError`, `ModelError`, or what the closures and the stream throw.
  public func generate(
    _ prompt: [Int], config: GenerationConfig, sampler: inout Sampler,
    text: some TextStream = NoText(),
    observe: (GenerationEvent) throws -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> GenerationResult {
    var run = try GenerationRun(
      self, prompt: prompt, config: config, sampler: sampler, text: text)
    defer { sampler = run.sampler }
    try run.begin(observe: observe, isCancelled: isCancelled)
    while !run.isOver {
      if isCancelled() {
        run.cancel()
      } else {
        try run.accept(try run.choose(), observe: observe)
        try run.advance()
      }
    }
    return try run.end(observe: observe)
  }

  /// Runs a prompt.
  ///
  /// - Returns: the logits of what follows and the number of tokens that were there already; nil
  ///   if it was cancelled.
  func run(
    prompt: [Int], progress: (_ done: Int) throws -> Void, isCancelled: () -> Bool
  ) throws -> (logits: FloatMatrix, reused: Int)? {
    let common = zip(prompt, cachedTokens).prefix { $0 == $1 }.count
    // The last token is run in any case, for its logits.
    let reused = reusesPrefix ? min(common, prompt.count - 1) : 0
    forget(from: reused)
    let block = reusesPrefix ? Self.promptBlock : prompt.count
    var logits: FloatMatrix?
    for start in stride(from: reused, to: prompt.count, by: block) {
      if isCancelled() { return nil }
      let end = min(start + block, prompt.count)
      let isLast = end == prompt.count
      let hidden = try forward(Array(prompt[start..<end]), wanted: isLast ? 1 : 0)
      try progress(end)
      if isLast { logits = self.logits(last: hidden) }
    }
    return logits.map { ($0, reused) }
  }

  /// Runs tokens in one call; returns the logits of what follows each, until the next call.
  func run(tokens: [Int]) throws -> FloatMatrix {
    let hidden = try forward(tokens, wanted: tokens.count)
    if tokens.count == 1 { return logits(last: hidden) }
    let rows = wideBuffer.map(\.rows) ?? 0
    let buffer = rows < tokens.count ? nil : wideBuffer
    let wide = buffer ?? model.makeLogitsBuffer(rows: tokens.count)
    wideBuffer = wide
    return model.logits(hidden, rows: 0..<tokens.count, in: wide)
  }

  /// Adds a token, which `cached` is told of when it has been run.
  func call(adding token: Int) -> SequenceCall { SequenceCall([token], cache: cache) }

  /// Notes what a call of several sequences has added.
  func cached(_ token: Int) { cachedTokens.append(token) }

  private func forward(_ tokens: [Int], wanted: Int) throws -> FloatMatrix {
    let hidden = try model.forward(
      tokens, cache: cache, workspace: workspace, routing: routing, wanted: wanted)
    cachedTokens += tokens
    return hidden
  }

  private func logits(last hidden: FloatMatrix) -> FloatMatrix {
    model.logits(hidden, rows: hidden.rows - 1..<hidden.rows, in: buffer)
  }

  /// Forgets what has been run but for the first tokens.
  func forget(from count: Int) {
    guard count < cachedTokens.count else { return }
    cache.truncate(to: count)
    cachedTokens.removeLast(cachedTokens.count - count)
  }
}
