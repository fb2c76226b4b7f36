import Diagnostics
import DogeModel
import Generation
import ModelFile
import Testing

@Suite struct EndingTests {
  private let generator: Generator
  /// What is made without any reason to end: twelve different tokens.
  private let free: GenerationResult

  init() throws {
    generator = Generator(model: try model())
    free = try generator.generate(prompt, config(12) { $0.sampling.repetitionPenalty = 4 })
  }

  private func run(
    _ log: Log = Log(), text: Pieces = Pieces(),
    _ edit: (inout GenerationConfig) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws -> GenerationResult {
    var sampler = Sampler(seed: 1)
    let config = config(12) {
      $0.sampling.repetitionPenalty = 4
      edit(&$0)
    }
    let result = try generator.generate(
      prompt, config: config, sampler: &sampler, text: text,
      observe: { log.events.append($0) }, isCancelled: isCancelled)
    #expect(log.text == result.text)
    #expect(log.tokens == result.tokens)
    return result
  }

  @Test func length() throws {
    #expect(free.reason == .length(12))
    #expect(free.ids.count == 12 && Set(free.ids).count == 12)
    #expect(free.promptCount == prompt.count)
    #expect(free.text == free.ids.map { "<\($0)>" }.joined())
    #expect(try run { $0.maxNewTokens = 1 }.ids == Array(free.ids.prefix(1)))
    #expect(try run { $0.maxNewTokens = nil }.ids.count == 20)
    let total = try run {
      $0.maxNewTokens = nil
      $0.maxLength = prompt.count + 3
    }
    #expect(total.reason == .length(3))
  }

  @Test func endTokens() throws {
    let result = try run { $0.endTokens = [2047, free.ids[4], free.ids[7]] }
    #expect(result.reason == .endToken(free.ids[4]))
    #expect(result.ids == Array(free.ids.prefix(5)), "the end token is part of the ids")
    #expect(result.text == free.ids.prefix(4).map { "<\($0)>" }.joined(), "but not of the text")
  }

  @Test func anEndTokenGoesBeforeLength() throws {
    let result = try run {
      $0.endTokens = [free.ids[4]]
      $0.maxNewTokens = 5
    }
    #expect(result.reason == .endToken(free.ids[4]))
  }

  @Test func stopTextsAcrossTokens() throws {
    // The end of one token's text and the beginning of the next one's.
    let stop = "\(free.ids[3] % 10)><\(free.ids[4])"
    let result = try run {
      $0.stopTexts = ["never", stop, "<\(free.ids[9])>"]
    }
    #expect(result.reason == .stopText(stop))
    #expect(result.ids == Array(free.ids.prefix(5)))
    let whole = free.ids.prefix(4).map { "<\($0)>" }.joined()
    #expect(result.text == String(whole.dropLast(2)))
  }

  @Test func textThatIsHeldBackComesOut() throws {
    let log = Log()
    // Every token ends with the beginning of the stop text.
    let result = try run(log) { $0.stopTexts = [">!"] }
    #expect(result.text == free.text)
    #expect(log.tokens[0].text == "<\(free.ids[0])")
    #expect(log.tokens[1].text == "><\(free.ids[1])")
    #expect(log.events.last == .rest(">"))
  }

  @Test func textThatTheStreamHolds() throws {
    let log = Log()
    let result = try run(log, text: Pieces(rest: "\u{FFFD}"))
    #expect(result.text == free.text + "\u{FFFD}")
    #expect(log.events.last == .rest("\u{FFFD}"))
    // It may complete a stop text.
    let stopped = try run(text: Pieces(rest: "!")) { $0.stopTexts = [">!"] }
    #expect(stopped.reason == .stopText(">!"))
    #expect(stopped.text == String(free.text.dropLast()))
    // Behind a stop text nothing comes.
    let silent = try run(text: Pieces(rest: "!")) { $0.stopTexts = ["<\(free.ids[2])"] }
    #expect(silent.text == "<\(free.ids[0])><\(free.ids[1])>")
  }

  @Test func theContextIsFull() throws {
    let small = Generator(model: generator.model, context: prompt.count + 4)
    let endless = config(Int.max) { $0.sampling.repetitionPenalty = 4 }
    let result = try small.generate(prompt, endless)
    #expect(result.reason == .contextFull(prompt.count + 4))
    #expect(result.ids == Array(free.ids.prefix(4)))
    #expect(small.cachedTokens == prompt + free.ids.prefix(3))
    // The last token fits without having been run.
    let more = try small.generate(prompt + free.ids.prefix(3), endless)
    #expect(more.ids == [free.ids[3]] && more.reason == .contextFull(prompt.count + 4))
    let full = try small.generate(prompt + free.ids.prefix(4), endless)
    #expect(full.ids == [] && full.text == "" && full.reason == .contextFull(prompt.count + 4))
    let error = GenerationError.promptTooLong(tokens: prompt.count + 5, context: prompt.count + 4)
    #expect(throws: error) { try small.generate(prompt + free.ids.prefix(5), endless) }
    // The model's own limit.
    #expect(generator.context == 1024)
  }

  @Test func cancelledBetweenTokens() throws {
    let log = Log()
    let result = try run(log) {
      $0.stopTexts = [">!"]
    } isCancelled: {
      log.tokens.count == 3
    }
    #expect(result.reason == .cancelled)
    #expect(result.ids == Array(free.ids.prefix(3)))
    #expect(result.text == free.ids.prefix(3).map { "<\($0)>" }.joined(), "nothing is held back")
    // What has been run is there for the next call.
    #expect(try run().tokens.map(\.id) == free.ids)
  }

  @Test func cancelledInThePrompt() throws {
    let generator = Generator(model: generator.model, routing: .perToken)
    let piece = Generator.promptBlock
    let long = (0..<2 * piece + 5).map { prompt[$0 % prompt.count] }
    var sampler = Sampler(seed: 1)
    let whole = try generator.generate(long, config: config(3), sampler: &sampler)
    // It is asked before each piece of the prompt.
    for limit in 0...2 {
      generator.reset()
      var asked = 0
      let result = try generator.generate(
        long, config: config(3), sampler: &sampler,
        isCancelled: {
          asked += 1
          return asked > limit
        })
      #expect(result.reason == .cancelled && result.ids == [] && result.text == "")
      #expect(asked == limit + 1)
      #expect(generator.cachedTokens == Array(long.prefix(limit * piece)))
      #expect(
        try generator.generate(long, config: config(3), sampler: &sampler).ids == whole.ids)
    }
  }

  @Test func errorsOfTheCallerGetThrough() throws {
    struct Closed: Error {}
    var sampler = Sampler(seed: 1)
    #expect(throws: Closed.self) {
      try generator.generate(
        prompt, config: config(12), sampler: &sampler,
        observe: { if case .token = $0 { throw Closed() } })
    }
    #expect(try run().ids == free.ids)
  }

  @Test func promptsThatMakeNoSense() throws {
    #expect(throws: GenerationError.emptyPrompt) { try generator.generate([], config(1)) }
    #expect(throws: ModelError.tokenOutOfRange(token: 2048, position: 1, vocabulary: 2048)) {
      try generator.generate([0, 2048], config(1))
    }
    #expect(throws: ModelError.self) { try generator.generate([-1], config(1)) }
    #expect(try run().ids == free.ids)
  }

  @Test(arguments: [
    GenerationError.emptyPrompt, .promptTooLong(tokens: 9, context: 8),
    .promptFillsMaxLength(tokens: 9, maxLength: 9), .notFinite(position: 3),
    .vocabulariesDiffer(first: 1, second: 2),
  ]) func errorsInWords(_ error: GenerationError) {
    let diagnostic = error.diagnostic
    #expect(diagnostic.kind == .badData && diagnostic.code.hasPrefix("generation."))
    #expect(!diagnostic.message.hasSuffix(".") && diagnostic.hint?.hasSuffix(".") == true)
  }
}
