import Diagnostics
import DogeModel
import Kernels

/// How well a model predicts tokens.
public struct Perplexity: Equatable, Sendable {
  /// Tokens that were predicted.
  public let tokens: Int
  /// Mean negative log likelihood of a token, in nats.
  public let meanLoss: Double
  /// Standard error of that mean.
  public let standardError: Double

  /// exp of the mean loss.
  public var perplexity: Double { deterministicExp(meanLoss) }

  /// Runs a model on some sequences, each in one call from an empty cache.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - sequences: the tokens.
  ///   - scoring: which tokens count.
  ///   - routing: how experts are chosen.
  ///   - progress: hears of the positions.
  /// - Throws: `VerificationError` where nothing is scored or a loss is not finite, a model's
  ///   error, or `Interruption`.
  public init(
    of model: DogeModel, on sequences: [[Int]], scoring: Scoring, routing: ExpertRouting = .hf,
    progress: any ProgressSink = NoProgress()
  ) throws {
    var losses = Moments()
    let total = sequences.reduce(0) { $0 + $1.count }
    let workspace = Workspace()
    try progress.phase("scoring", total: total, unit: .tokens) {
      for (number, tokens) in sequences.enumerated() {
        try progress.checkCancellation()
        let hidden = try model.forward(
          tokens, cache: model.makeCache(maximum: tokens.count), workspace: workspace,
          routing: routing)
        let positions = scoring.positions(of: tokens.count)
        for start in stride(
          from: positions.lowerBound, to: positions.upperBound, by: model.logitsBlock)
        {
          try progress.checkCancellation()
          let rows = start..<min(start + model.logitsBlock, positions.upperBound)
          let part = model.losses(hidden, rows: rows, next: rows.map { tokens[$0 + 1] })
          if let wrong = part.firstIndex(where: { !$0.isFinite }) {
            throw VerificationError.notFinite(
              path: model.path, what: "logits", sequence: number, position: rows.lowerBound + wrong)
          }
          for loss in part { losses.add(loss) }
        }
        progress.report(.advanced(by: tokens.count))
      }
    }
    guard losses.count > 0 else { throw VerificationError.nothingToScore }
    tokens = losses.count
    meanLoss = losses.mean
    standardError = losses.standardError
  }
}
