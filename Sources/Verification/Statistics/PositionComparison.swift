import Kernels
import Parallel

/// How two models' logits compare at one position.
struct PositionComparison: Sendable {
  let difference: LogitDifference
  /// Negative log likelihood of the next token, in nats, where it is known.
  let losses: (reference: Double, candidate: Double)?
  let referenceTop: WorstPosition.LikelyToken
  let candidateTop: WorstPosition.LikelyToken
  /// How many of the 5, and of the 10, most likely tokens are the same.
  let shared: (five: Int, ten: Int)
  /// Both models' logits of a few tokens, the same ids at every position.
  let sample: [(reference: Float, candidate: Float)]

  /// Compares a row of each; `next` is the token that follows, where it is known.
  init(
    _ reference: FloatMatrix, _ candidate: FloatMatrix, row: Int, next: Int?, _ kernels: KernelSet
  ) {
    let difference = LogitDifference(
      reference: reference, row: row, candidate: candidate, row: row, kernels: kernels)
    func likely(_ id: Int) -> WorstPosition.LikelyToken {
      .init(
        id: id,
        reference: deterministicExp(
          Double(reference.value(row, id)) - difference.referenceLogSumExp),
        candidate: deterministicExp(
          Double(candidate.value(row, id)) - difference.candidateLogSumExp))
    }
    self.difference = difference
    losses = next.map { token in
      (
        reference: difference.referenceLogSumExp - Double(reference.value(row, token)),
        candidate: difference.candidateLogSumExp - Double(candidate.value(row, token))
      )
    }
    referenceTop = likely(difference.referenceTop)
    candidateTop = likely(difference.candidateTop)
    let (a, b) = (kernels.largest(10, of: reference[row]), kernels.largest(10, of: candidate[row]))
    func common(_ count: Int) -> Int { Set(a.prefix(count)).intersection(b.prefix(count)).count }
    shared = (common(5), common(10))
    let step = max(1, reference.columns / LogitDensity.tokensOfPosition)
    sample = stride(from: 0, to: reference.columns, by: step).map {
      (reference.value(row, $0), candidate.value(row, $0))
    }
  }

  /// Whether the most likely token is the same; it is not where logits are not numbers.
  var agreesOnTop: Bool {
    difference.referenceTop == difference.candidateTop && !difference.kld.isNaN
  }
}

extension [PositionComparison] {
  /// Compares rows of logits; `next` holds the token that follows each, where it is known.
  init(_ reference: FloatMatrix, _ candidate: FloatMatrix, next: [Int?], _ compute: Compute) {
    self = compute.pool.map(next.count) { row in
      PositionComparison(reference, candidate, row: row, next: next[row], compute.kernels)
    }
  }

  /// Whether all logits that were compared are finite: what is not shows in the differences.
  var areFinite: Bool { allSatisfy { $0.difference.maxAbsDifference.isFinite } }
}
