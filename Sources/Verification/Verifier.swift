import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// Runs a model and others on the same tokens, and compares their logits position by position.
///
/// The reference runs once, however many candidates there are. A candidate is a model in a mode:
/// one file in two modes is two of them.
public struct Verifier: Sendable {
  /// The model that is right by definition.
  public let reference: DogeModel
  /// The models that are judged.
  public let candidates: [DogeModel]
  private let compute: Compute
  private let routing: ExpertRouting

  /// Puts candidates beside a reference.
  ///
  /// - Throws: `VerificationError` where vocabularies differ.
  public init(
    reference: DogeModel, candidates: [DogeModel], compute: Compute, routing: ExpertRouting = .hf
  ) throws(VerificationError) {
    for candidate in candidates {
      try Self.checkVocabularies(reference.config, candidate.config)
    }
    self.reference = reference
    self.candidates = candidates
    self.compute = compute
    self.routing = routing
  }

  /// Refuses models whose logits cannot be compared, before they are loaded.
  ///
  /// - Throws: `VerificationError` where vocabularies differ.
  public static func checkVocabularies(
    _ reference: DogeConfig, _ candidate: DogeConfig
  ) throws(VerificationError) {
    let (size, other) = (reference.vocabularySize, candidate.vocabularySize)
    guard size == other else {
      throw .vocabulariesDiffer(reference: size, candidate: other)
    }
  }

  /// Compares the models on some sequences, each run in one call from an empty cache.
  ///
  /// - Parameters:
  ///   - sequences: the tokens.
  ///   - scoring: which tokens count for perplexity; all positions count for everything else.
  ///   - progress: hears of the positions.
  /// - Returns: each candidate's comparison.
  /// - Throws: a model's error, `VerificationError.notFinite`, or `Interruption`.
  public func compare(
    _ sequences: [[Int]], scoring: Scoring = .all, progress: any ProgressSink = NoProgress()
  ) throws -> [ComparisonStatistics] {
    var positions = [[Position]](repeating: [], count: candidates.count)
    let total = sequences.reduce(0) { $0 + $1.count }
    let workspace = Workspace()
    try progress.phase("comparing", total: total, unit: .tokens) {
      for (number, tokens) in sequences.enumerated() {
        try progress.checkCancellation()
        try compare(tokens, number, scoring, workspace, progress, into: &positions)
      }
    }
    return positions.map {
      ComparisonStatistics($0, vocabulary: reference.config.vocabularySize)
    }
  }

  private func compare(
    _ tokens: [Int], _ number: Int, _ scoring: Scoring, _ workspace: Workspace,
    _ progress: any ProgressSink, into positions: inout [[Position]]
  ) throws {
    let scored = scoring.positions(of: tokens.count)
    func hidden(_ model: DogeModel) throws -> FloatMatrix {
      try model.forward(
        tokens, cache: model.makeCache(maximum: tokens.count), workspace: workspace,
        routing: routing)
    }
    let right = try hidden(reference)
    let judged = try candidates.map(hidden)
    for start in stride(from: 0, to: tokens.count, by: reference.logitsBlock) {
      try progress.checkCancellation()
      let rows = start..<min(start + reference.logitsBlock, tokens.count)
      let next = rows.map { scored.contains($0) ? tokens[$0 + 1] : nil }
      let rightLogits = reference.logits(right, rows: rows)
      for (index, candidate) in candidates.enumerated() {
        let logits = candidate.logits(judged[index], rows: rows)
        let compared = comparePositions(rightLogits, logits, next: next, compute)
        if !compared.areFinite {
          for (model, logits) in [(reference, rightLogits), (candidate, logits)] {
            try logits.checkFinite(
              path: model.path, sequence: number, first: rows.lowerBound, compute)
          }
        }
        positions[index] += compared
      }
      progress.report(.advanced(by: rows.count))
    }
  }
}

/// Compares rows of logits; `next` holds the token that follows each, where it is known.
func comparePositions(
  _ reference: FloatMatrix, _ candidate: FloatMatrix, next: [Int?], _ compute: Compute
) -> [Position] {
  let differences = compute.pool.map(reference.rows) { row in
    LogitDifference(
      reference: reference, row: row, candidate: candidate, row: row, kernels: compute.kernels)
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
