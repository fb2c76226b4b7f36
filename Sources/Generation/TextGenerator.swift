import DogeArchitecture
import DogeModel
import Tokenization

/// A model that answers in text: its weights, its tokenizer and how tokens are chosen.
///
/// It keeps what it has run, so that a prompt that goes on where the last one ended runs only what
/// is new. One thread uses it at a time.
public final class TextGenerator {
  /// Turns text into tokens and back.
  public let tokenizer: Tokenizer
  /// Runs the model.
  public let generator: Generator
  /// How tokens are chosen, and when to end.
  public private(set) var config: GenerationConfig
  /// Where the random numbers began.
  public private(set) var seed: UInt64
  private var sampler: Sampler

  /// The most tokens of an answer where nobody sets a limit.
  private static let defaultNewTokens = 256

  /// A generator with an empty cache.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - tokenizer: its tokenizer.
  ///   - config: how tokens are chosen; where it has no end tokens, those of the model's config
  ///     count, and where it has no limit, an answer ends after 256 tokens.
  ///   - routing: how experts are chosen.
  ///   - context: the most tokens of prompt and result; nil for as many as the model was trained
  ///     for.
  ///   - seed: where the random numbers begin.
  public init(
    _ model: DogeModel, tokenizer: Tokenizer, config: GenerationConfig,
    routing: ExpertRouting = .hf, context: Int? = nil, seed: UInt64
  ) {
    var config = config
    if config.endTokens.isEmpty { config.endTokens = model.config.eosTokenIDs }
    if config.ignoresEndTokens { config.endTokens = [] }
    if config.maxNewTokens == nil, config.maxLength == nil {
      config.maxNewTokens = Self.defaultNewTokens
    }
    self.tokenizer = tokenizer
    self.config = config
    self.seed = seed
    generator = Generator(model: model, routing: routing, context: context)
    sampler = Sampler(seed: seed)
  }

  /// Generates what follows a prompt; the random numbers go on where they are.
  ///
  /// - Parameters:
  ///   - prompt: tokens, at least one.
  ///   - observe: is told what happens.
  ///   - isCancelled: is asked at every token, and during the prompt; true ends generation.
  /// - Returns: the tokens and their text.
  /// - Throws: `GenerationError`, or what `observe` throws.
  public func generate(
    after prompt: [Int], observe: (GenerationEvent) throws -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> GenerationResult {
    try tokenizer.check(prompt, rows: generator.model.config.vocabularySize)
    return try generator.generate(
      prompt, config: config, sampler: &sampler, text: makeStream(), observe: observe,
      isCancelled: isCancelled)
  }

  /// Changes how tokens are chosen from here on; what is not given stays as it is.
  ///
  /// - Parameter overrides: a caller's options.
  /// - Throws: `GenerationError` for a value out of range; nothing is changed then.
  public func apply(_ overrides: GenerationOverrides) throws(GenerationError) {
    var changed = try config.applying(overrides)
    try changed.sampling.checkBiases(vocabulary: generator.model.config.vocabularySize)
    if changed.ignoresEndTokens { changed.endTokens = [] }
    config = changed
  }

  /// Begins the random numbers anew.
  ///
  /// - Parameter seed: where they begin.
  public func reseed(_ seed: UInt64) {
    self.seed = seed
    sampler = Sampler(seed: seed)
  }

  /// A stream that turns tokens into text; special tokens have none unless they are shown.
  public func makeStream() -> TokenStream {
    tokenizer.stream(skipSpecialTokens: !config.showsSpecialTokens)
  }
}

extension TokenStream: TextStream {}

extension Tokenizer {
  /// Checks that a model has rows for the tokens of a text.
  ///
  /// - Parameters:
  ///   - ids: the tokens.
  ///   - rows: the rows of the model's embedding.
  /// - Throws: `tokenBeyondEmbedding` for the first token that has none.
  public func check(_ ids: [Int], rows: Int) throws(GenerationError) {
    guard let position = ids.firstIndex(where: { $0 >= rows }) else { return }
    let id = ids[position]
    throw .tokenBeyondEmbedding(piece(id) ?? "", id: id, position: position, rows: rows)
  }

  /// The tokens that a model with an embedding of so many rows cannot use, as they are spelled.
  ///
  /// - Parameter rows: the rows of the model's embedding.
  /// - Returns: the tokens by rising id.
  public func pieces(beyond rows: Int) -> [String] {
    rows < vocabularySize ? (rows..<vocabularySize).compactMap(piece) : []
  }
}
