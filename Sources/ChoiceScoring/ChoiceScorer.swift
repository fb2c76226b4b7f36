import DogeArchitecture
import DogeModel
import Generation
import Kernels
import Parallel
import Tokenization

/// Scores choices with a model, several questions at a time.
///
/// Contexts are run together, each once for all of its choices, and then the first choices of all
/// questions, the second ones and so on. Where what a token gives depends on the call that it is
/// in (experts under routing that mixes tokens, RoPE that depends on the length), or a text has to
/// be cut, each context is run with each choice anew.
public final class ChoiceScorer {
  /// The model.
  public let model: DogeModel
  private let tokenizer: Tokenizer
  private let routing: ExpertRouting
  private let beginning: [Int]
  private let prefix: Int?
  /// The most tokens that the model is given at once.
  public let limit: Int
  /// Choices so far whose context had to be cut: it begins later than it was given.
  public private(set) var cutCount = 0
  private let workspace = Workspace()
  private var caches: [KVCache] = []

  /// Questions that are scored at a time, if their contexts have not too many tokens.
  public static let batch = 16
  private static let batchTokens = 2048

  /// Makes a scorer.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - tokenizer: its tokenizer.
  ///   - beginning: tokens before every text.
  ///   - prefix: the token that stands for an empty context.
  ///   - routing: how experts are chosen.
  ///   - context: the most tokens that the model is given at once, of which the last are kept; nil
  ///     for as many as it was trained for.
  public init(
    _ model: DogeModel, tokenizer: Tokenizer, beginning: [Int], prefix: Int?,
    routing: ExpertRouting = .hf, context: Int? = nil
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.beginning = beginning
    self.prefix = prefix
    self.routing = routing
    limit = context ?? model.config.maxPositions
  }

  /// A question as the model is asked it.
  ///
  /// - Throws: `ChoiceError`, or what the tokenizer throws.
  public func tokenized(_ item: ChoiceItem) throws -> TokenizedChoices {
    let groups = try item.groups.map { context, choices in
      let tokens = try ChoiceTokens(
        context, choices, tokenizer, beginning: beginning, prefix: prefix, limit: limit)
      for ids in [tokens.context] + tokens.choices {
        try tokenizer.check(ids, rows: model.config.vocabularySize)
      }
      return tokens
    }
    return TokenizedChoices(item: item, groups: groups)
  }

  /// Scores questions.
  ///
  /// - Parameter questions: from `tokenized`; their scores do not depend on each other.
  /// - Returns: the scores of each.
  /// - Throws: `ChoiceError.notFinite`, or `ModelError`.
  public func scores(of questions: [TokenizedChoices]) throws -> [ChoiceScores] {
    var predicted = try predictions(of: questions.flatMap(\.groups))[...]
    return questions.map { question in
      let choices = predicted.prefix(question.groups.count).flatMap { $0 }
      predicted = predicted.dropFirst(question.groups.count)
      return ChoiceScores(
        logLikelihoods: choices.map { $0.reduce(0) { $0 + $1.logProbability } },
        tokens: choices.map(\.count), bytes: question.item.choices.map(\.utf8.count),
        isGreedy: choices.map { $0.allSatisfy(\.isGreedy) })
    }
  }

  /// What the model thinks of each token of each choice.
  package func predictions(of tokens: [ChoiceTokens]) throws -> [[[Prediction]]] {
    var predicted = tokens.map { $0.choices.map { _ in [Prediction]() } }
    var rest = tokens.indices.filter { sharesContext(tokens[$0]) }[...]
    while let first = rest.first {
      var (count, sum) = (1, tokens[first].context.count)
      for item in rest.dropFirst().prefix(Self.batch - 1) {
        sum += tokens[item].context.count
        guard sum <= Self.batchTokens else { break }
        count += 1
      }
      try scoreShared(Array(rest.prefix(count)), tokens, &predicted)
      rest = rest.dropFirst(count)
    }
    for index in tokens.indices where !sharesContext(tokens[index]) {
      try scoreApart(index, tokens[index], &predicted)
    }
    return predicted
  }

  private func sharesContext(_ tokens: ChoiceTokens) -> Bool {
    !model.mixesTokens(under: routing) && tokens.longest <= limit
      && !model.frequenciesDependOnLength(upTo: tokens.longest)
  }

  /// Runs each context once.
  private func scoreShared(
    _ items: [Int], _ tokens: [ChoiceTokens], _ predicted: inout [[[Prediction]]]
  ) throws {
    let caches = caches(items.count)
    let first = try predict(
      zip(items, caches).map { item, cache in
        let context = tokens[item].context
        return Query(
          call: SequenceCall(context, cache: cache),
          targets: tokens[item].choices.map { (row: context.count - 1, token: $0[0]) })
      })
    for (item, predictions) in zip(items, first) {
      for (choice, prediction) in predictions.enumerated() {
        predicted[item][choice] = [prediction]
      }
    }
    let most = items.map { tokens[$0].choices.count }.max() ?? 0
    for choice in 0..<most {
      let some = zip(items, caches).filter { item, _ in
        choice < tokens[item].choices.count && tokens[item].choices[choice].count > 1
      }
      let rest = try predict(
        some.map { item, cache in
          cache.truncate(to: tokens[item].context.count)
          let ids = tokens[item].choices[choice]
          return Query(
            call: SequenceCall(Array(ids.dropLast()), cache: cache),
            targets: ids.dropFirst().enumerated().map { (row: $0.offset, token: $0.element) })
        })
      for ((item, _), predictions) in zip(some, rest) { predicted[item][choice] += predictions }
    }
  }

  /// Runs the context before each choice, and of both the last tokens if they are too many.
  private func scoreApart(
    _ item: Int, _ tokens: ChoiceTokens, _ predicted: inout [[[Prediction]]]
  ) throws {
    for (choice, ids) in tokens.choices.enumerated() {
      let whole = tokens.context + ids.dropLast()
      if whole.count > limit { cutCount += 1 }
      let input = Array(whole.suffix(limit))
      let first = input.count - ids.count
      let query = Query(
        call: SequenceCall(input, cache: caches(1)[0]),
        targets: ids.enumerated().map { (row: first + $0.offset, token: $0.element) })
      predicted[item][choice] = try predict([query])[0]
    }
  }

  /// Empty caches.
  private func caches(_ count: Int) -> [KVCache] {
    while caches.count < count { caches.append(model.makeCache(maximum: limit)) }
    for cache in caches { cache.truncate(to: 0) }
    return Array(caches.prefix(count))
  }
}

extension ChoiceScorer {
  /// A call of a sequence, and the tokens that may follow some of its rows.
  private struct Query {
    let call: SequenceCall
    let targets: [(row: Int, token: Int)]
  }

  /// How likely a token is.
  package struct Prediction: Equatable {
    /// ln p(token | what is before it).
    package let logProbability: Double
    /// Whether no token is more likely.
    package let isGreedy: Bool

    package init(logProbability: Double, isGreedy: Bool) {
      self.logProbability = logProbability
      self.isGreedy = isGreedy
    }
  }

  /// Runs some calls together.
  private func predict(_ queries: [Query]) throws -> [[Prediction]] {
    let hidden = try model.forward(
      queries.map(\.call), workspace: workspace, routing: routing)
    var first = 0
    var targets: [(row: Int, token: Int)] = []
    for query in queries {
      targets += query.targets.map { (first + $0.row, $0.token) }
      first += query.call.tokens.count
    }
    // Targets of one row lie side by side.
    let rows = targets.map(\.row).reduce(into: [Int]()) { rows, row in
      if rows.last != row { rows.append(row) }
    }
    var predictions: [Prediction] = []
    var next = 0
    for start in stride(from: 0, to: rows.count, by: model.logitsBlock) {
      let block = Array(rows[start..<min(start + model.logitsBlock, rows.count)])
      let gathered = FloatMatrix(rows: block.count, columns: hidden.columns)
      for (index, row) in block.enumerated() { gathered.copy(hidden, row: row, to: index) }
      let logits = model.logits(gathered, rows: 0..<block.count)
      let sums = model.compute.pool.map(block.count) { model.logSumExp(logits, row: $0) }
      let likeliest = model.compute.pool.map(block.count) { row in
        logits.withRow(row) { model.compute.kernels.largestIndex(of: $0) }
      }
      for (index, row) in block.enumerated() {
        guard likeliest[index] != nil, sums[index].isFinite else {
          throw ChoiceError.notFinite(path: model.path)
        }
        while next < targets.count, targets[next].row == row {
          let token = targets[next].token
          predictions.append(
            Prediction(
              logProbability: Double(logits.value(index, token)) - sums[index],
              isGreedy: likeliest[index] == token))
          next += 1
        }
      }
    }
    var rest = predictions[...]
    return queries.map { query in
      defer { rest = rest.dropFirst(query.targets.count) }
      return Array(rest.prefix(query.targets.count))
    }
  }
}
