import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import LibC
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

  /// What one model's run amounts to.
  public struct Comparison: Sendable {
    /// How its logits compare with the reference's.
    public let statistics: ComparisonStatistics
    /// How its hidden states compare; nil unless asked for.
    public let layers: LayerReport?
    /// What its own steps took; nil where layers were compared, whose steps are run twice.
    public let time: Duration?
  }

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

  /// Refuses models whose hidden states cannot be compared.
  ///
  /// - Throws: `VerificationError` where they have not the same blocks.
  public static func checkLayers(
    _ reference: DogeConfig, _ candidate: DogeConfig
  ) throws(VerificationError) {
    let sizes = [reference, candidate].map { [$0.layerCount, $0.hiddenSize] }
    guard sizes[0] == sizes[1] else {
      throw .layersDiffer(reference: sizes[0], candidate: sizes[1])
    }
  }

  /// Compares the models on some sequences, each run in one call from an empty cache.
  ///
  /// Memory does not grow with the number of sequences, but for 16 bytes of each position.
  ///
  /// - Parameters:
  ///   - sequences: the tokens.
  ///   - scoring: which tokens count for perplexity; all positions count for everything else.
  ///   - layers: whether hidden states are compared, too, for which each step runs twice.
  ///   - progress: hears of the positions.
  /// - Returns: each candidate's comparison.
  /// - Throws: a model's error, `VerificationError`, or `Interruption`.
  public func run(
    _ sequences: [[Int]], scoring: Scoring = .all, layers: Bool = false,
    progress: any ProgressSink = NoProgress()
  ) throws -> [Comparison] {
    var run = Run(
      verifier: self, scoring: scoring, hasLayers: layers, progress: progress)
    let total = sequences.reduce(0) { $0 + $1.count }
    try progress.phase("comparing", total: total, unit: .tokens) {
      for (number, tokens) in sequences.enumerated() {
        try progress.checkCancellation()
        try run.compare(tokens, number)
      }
    }
    guard run.statistics.allSatisfy({ $0.tokens > 0 }) else {
      throw VerificationError.nothingToScore
    }
    return candidates.indices.map { index in
      Comparison(
        statistics: run.statistics[index].statistics,
        layers: layers
          ? LayerReport(
            run.layers[index],
            weights: FirstDivergence.weights(
              of: candidates[index], reference: reference, compute: compute),
            unit: { state in
              max(
                candidates[index].roundingUnit(of: state), reference.roundingUnit(of: state))
            }) : nil,
        time: layers ? nil : run.times[index])
    }
  }

  /// The same without hidden states: each candidate's statistics.
  public func compare(
    _ sequences: [[Int]], scoring: Scoring = .all, progress: any ProgressSink = NoProgress()
  ) throws -> [ComparisonStatistics] {
    try run(sequences, scoring: scoring, progress: progress).map(\.statistics)
  }

  /// Sums over the sequences of a run.
  private struct Run {
    let verifier: Verifier
    let scoring: Scoring
    let hasLayers: Bool
    let progress: any ProgressSink
    let workspace = Workspace()
    var statistics: [ComparisonAccumulator]
    var layers: [LayerErrors]
    var times: [Duration]

    init(
      verifier: Verifier, scoring: Scoring, hasLayers: Bool, progress: any ProgressSink
    ) {
      self.verifier = verifier
      self.scoring = scoring
      self.hasLayers = hasLayers
      self.progress = progress
      let count = verifier.candidates.count
      let vocabulary = verifier.reference.config.vocabularySize
      statistics = .init(repeating: ComparisonAccumulator(vocabulary: vocabulary), count: count)
      layers = .init(repeating: LayerErrors(verifier.compute), count: count)
      times = .init(repeating: .zero, count: count)
    }

    mutating func compare(_ tokens: [Int], _ number: Int) throws {
      let (right, judged) = try hidden(tokens)
      let scored = scoring.positions(of: tokens.count)
      let reference = verifier.reference
      for start in stride(from: 0, to: tokens.count, by: reference.logitsBlock) {
        try progress.checkCancellation()
        let rows = start..<min(start + reference.logitsBlock, tokens.count)
        let next = rows.map { scored.contains($0) ? tokens[$0 + 1] : nil }
        let rightLogits = reference.logits(right, rows: rows)
        for (index, candidate) in verifier.candidates.enumerated() {
          let start = monotonicSeconds()
          let logits = candidate.logits(judged[index], rows: rows)
          times[index] += .seconds(monotonicSeconds() - start)
          let compared = [PositionComparison](rightLogits, logits, next: next, verifier.compute)
          if !compared.areFinite {
            for (model, logits) in [(reference, rightLogits), (candidate, logits)] {
              try logits.checkFinite(
                path: model.path, sequence: number, first: rows.lowerBound, verifier.compute)
            }
          }
          statistics[index].add(compared, sequence: number, first: rows.lowerBound)
        }
        progress.report(.advanced(by: rows.count))
      }
    }

    /// The last block's outputs: the reference's, and the candidates'.
    private mutating func hidden(_ tokens: [Int]) throws -> (FloatMatrix, [FloatMatrix]) {
      if hasLayers {
        let states = try LockstepPass(
          reference: verifier.reference, candidates: verifier.candidates,
          routing: verifier.routing
        ).run(tokens, workspace: workspace, errors: &layers)
        return (states[0], Array(states.dropFirst()))
      }
      func forward(_ model: DogeModel) throws -> FloatMatrix {
        try model.forward(
          tokens, cache: model.makeCache(maximum: tokens.count), workspace: workspace,
          routing: verifier.routing)
      }
      let right = try forward(verifier.reference)
      var judged: [FloatMatrix] = []
      for (index, candidate) in verifier.candidates.enumerated() {
        let start = monotonicSeconds()
        judged.append(try forward(candidate))
        times[index] += .seconds(monotonicSeconds() - start)
      }
      return (right, judged)
    }
  }
}
