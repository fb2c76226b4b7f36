import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// Runs two models on the same tokens and compares their logits, position by position.
public struct Verifier: Sendable {
  /// The model that is right by definition.
  public let reference: DogeModel
  /// The model that is judged.
  public let candidate: DogeModel
  let kernels: KernelSet
  let pool: ThreadPool
  let routing: ExpertRouting

  /// Pairs two models.
  ///
  /// - Throws: `VerificationError` where their vocabularies differ.
  public init(
    reference: DogeModel, candidate: DogeModel, kernels: KernelSet, pool: ThreadPool,
    routing: ExpertRouting = .hf
  ) throws(VerificationError) {
    let sizes = (reference.config.vocabularySize, candidate.config.vocabularySize)
    guard sizes.0 == sizes.1 else {
      throw .vocabulariesDiffer(reference: sizes.0, candidate: sizes.1)
    }
    self.reference = reference
    self.candidate = candidate
    self.kernels = kernels
    self.pool = pool
    self.routing = routing
  }

  /// Compares the models on some sequences, each run in one call from an empty cache.
  ///
  /// - Parameters:
  ///   - sequences: the tokens.
  ///   - scoring: which tokens count for perplexity; all positions count for everything else.
  ///   - progress: hears of the positions.
  /// - Returns: the comparison.
  /// - Throws: a model's error, or `Interruption`.
  public func compare(
    _ sequences: [[Int]], scoring: Scoring = .all, progress: any ProgressSink = NoProgress()
  ) throws -> ComparisonStatistics {
    var positions: [Position] = []
    let total = sequences.reduce(0) { $0 + $1.count }
    try progress.phase("comparing", total: total, unit: .tokens) {
      for tokens in sequences {
        try progress.checkCancellation()
        positions += try compare(tokens, scoring, progress)
      }
    }
    return ComparisonStatistics(positions, vocabulary: reference.config.vocabularySize)
  }

  private func compare(
    _ tokens: [Int], _ scoring: Scoring, _ progress: any ProgressSink
  ) throws -> [Position] {
    let scored = scoring.positions(of: tokens.count)
    func hidden(_ model: DogeModel) throws -> FloatMatrix {
      try model.forward(tokens, cache: model.makeCache(maximum: tokens.count), routing: routing)
    }
    let hiddenStates = (try hidden(reference), try hidden(candidate))
    var positions: [Position] = []
    for start in stride(from: 0, to: tokens.count, by: reference.logitsBlock) {
      try progress.checkCancellation()
      let rows = start..<min(start + reference.logitsBlock, tokens.count)
      positions += comparePositions(
        reference.logits(hiddenStates.0, rows: rows), candidate.logits(hiddenStates.1, rows: rows),
        next: rows.map { scored.contains($0) ? tokens[$0 + 1] : nil },
        kernels: kernels, pool: pool)
      progress.report(.advanced(by: rows.count))
    }
    return positions
  }
}

/// Compares rows of logits; `next` holds the token that follows each, where it is known.
func comparePositions(
  _ reference: FloatMatrix, _ candidate: FloatMatrix, next: [Int?], kernels: KernelSet,
  pool: ThreadPool
) -> [Position] {
  let differences = pool.map(reference.rows) { row in
    LogitDifference(
      reference: reference, row: row, candidate: candidate, row: row, kernels: kernels)
  }
  return differences.enumerated().map { row, difference in
    let losses = next[row].map { token in
      (
        reference: difference.referenceLogSumExp - Double(reference.value(row, token)),
        candidate: difference.candidateLogSumExp - Double(candidate.value(row, token))
      )
    }
    return Position(difference: difference, losses: losses)
  }
}
