import DogeArchitecture
import DogeModel
import Kernels

/// One generation, token by token.
struct GenerationRun<Text: TextStream> {
  /// A token that may come next.
  struct Choice {
    let id: Int
    /// nil where the configuration does not ask for it.
    let logProbability: Double?
    let drawLogProbability: Double?
  }

  private(set) var sampler: Sampler
  private(set) var reason: StopReason?
  /// The token that is to be run before the next one can be chosen.
  private(set) var pending: Int?
  private let generator: Generator
  private let prompt: [Int]
  private let config: GenerationConfig
  private let limit: Int
  private let warper: LogitsWarper
  private var seen: SeenTokens
  private var stream: Text
  private var filter: StopTextFilter
  private var reused = 0
  private var tokens: [GeneratedToken] = []
  private var text = ""
  /// Of what follows the tokens so far and each token of the draft, from some row on, until
  /// `advance` or `take`.
  private var logits: FloatMatrix?
  private var firstRow = 0
  private var lookup: PromptLookup?
  private var draft = Draft()

  /// Tokens that were guessed and have been run.
  private struct Draft {
    var tokens: [Int] = []
    /// How many were right.
    var accepted = 0
    // Of all drafts so far.
    var totalCount = 0
    var totalAccepted = 0
  }

  init(
    _ generator: Generator, prompt: [Int], config: GenerationConfig, sampler: Sampler, text: Text
  ) throws(GenerationError) {
    guard !prompt.isEmpty else { throw .emptyPrompt }
    guard prompt.count <= generator.context else {
      throw .promptTooLong(tokens: prompt.count, context: generator.context)
    }
    limit = try config.newTokenLimit(prompt: prompt.count)
    try config.sampling.checkBiases(vocabulary: generator.model.config.vocabularySize)
    self.generator = generator
    self.prompt = prompt
    self.config = config
    self.sampler = sampler
    warper = LogitsWarper(config.sampling, compute: generator.model.compute)
    seen = SeenTokens(vocabulary: generator.model.config.vocabularySize)
    stream = text
    filter = StopTextFilter(config.stopTexts)
    if config.lookup > 0, generator.reusesPrefix { lookup = PromptLookup(longest: config.lookup) }
  }

  private var row: Int { firstRow + draft.accepted }

  /// Whether nothing follows the tokens so far.
  var isOver: Bool { reason != nil }

  /// Runs the prompt.
  mutating func begin(
    observe: (GenerationEvent) throws -> Void, isCancelled: () -> Bool
  ) throws {
    reason = reasonOfLength
    guard reason == nil else { return }
    let count = prompt.count
    let progress = { try observe(.prompt(done: $0, of: count)) }
    let run = try generator.run(prompt: prompt, progress: progress, isCancelled: isCancelled)
    guard let run else { return cancel() }
    (logits, reused) = run
    for token in prompt { seen.insert(token) }
  }

  mutating func cancel() {
    reason = .cancelled
    pending = nil
  }

  /// Chooses the next token.
  mutating func choose() throws(GenerationError) -> Choice {
    let position = prompt.count + tokens.count
    guard let logits else { throw .notFinite(position: position) }
    let barred = tokens.count < config.minNewTokens ? config.endTokens : []
    let chosen = logits.withRow(row) { row -> (id: Int, log: Double?)? in
      guard config.sampling.samples else {
        return warper.mostLikely(of: row, seen: seen, barring: barred).map { ($0, 0) }
      }
      guard let distribution = warper.distribution(of: row, seen: seen, barring: barred)
      else { return nil }
      return sampler.draw(from: distribution).map {
        ($0.id, config.logProbabilities ? distribution.logProbability(of: $0) : nil)
      }
    }
    guard let chosen else { throw .notFinite(position: position) }
    return Choice(
      id: chosen.id, logProbability: config.logProbabilities ? logProbability(of: chosen.id) : nil,
      drawLogProbability: config.logProbabilities ? chosen.log : nil)
  }

  /// The logarithm of a token's probability as the next one, under the plain logits.
  func logProbability(of id: Int) -> Double {
    guard let logits else { return .nan }
    return Double(logits.value(row, id)) - generator.model.logSumExp(logits, row: row)
  }

  /// Adds a token, which is `pending` then unless it is the last.
  mutating func accept(
    _ choice: Choice, observe: (GenerationEvent) throws -> Void
  ) throws {
    var clear = ""
    if config.endTokens.contains(choice.id) {
      reason = .endToken(choice.id)
      if config.showsSpecialTokens { (clear, _) = filter.append(try stream.append(choice.id)) }
    } else {
      let stop: String?
      (clear, stop) = filter.append(try stream.append(choice.id))
      reason = stop.map { .stopText($0) }
    }
    seen.insertMade(choice.id)
    text += clear
    let token = GeneratedToken(
      id: choice.id, text: clear, logProbability: choice.logProbability,
      drawLogProbability: choice.drawLogProbability)
    tokens.append(token)
    reason = reason ?? reasonOfLength
    try observe(.token(token))
    pending = reason == nil ? choice.id : nil
  }

  /// Takes the logits of what follows the pending token, which someone else has run.
  mutating func take(_ logits: FloatMatrix, row: Int) {
    self.logits = logits
    firstRow = row
    pending = nil
  }

  /// Runs the pending token, if there is one.
  mutating func advance() throws {
    guard let token = pending else { return }
    pending = nil
    if draft.accepted < draft.tokens.count, draft.tokens[draft.accepted] == token {
      draft.accepted += 1
      draft.totalAccepted += 1
      return
    }
    lookup?.learn(right: draft.accepted, of: draft.tokens.count)
    let position = prompt.count + tokens.count
    generator.forget(from: position - 1)
    if lookup != nil {
      // All tokens but the last that may come: what follows the draft is chosen, too.
      let room = min(limit - tokens.count, generator.context - position) - 1
      let text = generator.cachedTokens + [token]
      draft.tokens = lookup?.draft(after: text, room: room) ?? []
      draft.accepted = 0
      draft.totalCount += draft.tokens.count
    }
    logits = try generator.run(tokens: [token] + draft.tokens)
  }

  /// Ends the text.
  mutating func end(observe: (GenerationEvent) throws -> Void) throws -> GenerationResult {
    generator.forget(from: prompt.count + max(tokens.count - 1, 0))
    let (clear, stop) = filter.append(stream.finish())
    let rest = clear + filter.finish()
    if case .stopText = reason {
      // What the stream holds follows the stop text.
    } else {
      if let stop { reason = .stopText(stop) }
      text += rest
      if !rest.isEmpty { try observe(.rest(rest)) }
    }
    return GenerationResult(
      promptCount: prompt.count, reusedCount: reused, tokens: tokens, text: text,
      reason: reason ?? .cancelled, draftedCount: draft.totalCount,
      acceptedCount: draft.totalAccepted)
  }

  private var reasonOfLength: StopReason? {
    if tokens.count >= limit { return .length(limit) }
    let context = generator.context
    return prompt.count + tokens.count >= context ? .contextFull(context) : nil
  }
}
