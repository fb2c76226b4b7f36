/// What a comparison of logits amounts to; names and formulas are those of llama.cpp's
/// `llama-perplexity --kl-divergence`, computed in binary64 without floors.
public struct ComparisonStatistics: Equatable, Sendable {
  /// Perplexities over the positions whose next token is known.
  public struct Perplexity: Equatable, Sendable {
    /// exp of the reference's mean loss.
    public let reference: Estimate
    /// exp of the candidate's mean loss.
    public let candidate: Estimate
    /// Mean of ln p_reference − ln p_candidate of the next token, with the error of paired losses.
    public let logRatio: Estimate
    /// Candidate over reference, with the error of paired losses.
    public let ratio: Estimate
    /// Candidate less reference, with the error of paired losses.
    public let difference: Estimate
    /// Pearson's correlation of the two losses.
    public let correlation: Double
  }

  /// How the probability of the right next token changed, candidate less reference.
  public struct ProbabilityChange: Equatable, Sendable {
    /// Its distribution over positions.
    public let distribution: Distribution
    /// Root of the mean square.
    public let rms: Estimate
    /// Its mean.
    public var mean: Estimate { distribution.mean }
  }

  /// Shares of the most likely tokens that both models have in common; ties go to the lowest id.
  public struct Overlap: Equatable, Sendable {
    /// The share of positions whose most likely token is the same.
    public let top1: Estimate
    /// The mean share of the five most likely tokens that are also among the other's five.
    public let top5: Estimate
    /// The same of ten.
    public let top10: Estimate
  }

  /// Positions that have something in common, and their KL divergence.
  public struct Band: Equatable, Sendable {
    /// What they have in common lies in here, the upper end excluded but for the last band.
    public let range: ClosedRange<Double>
    /// How many positions there are.
    public let tokens: Int
    /// Mean KL divergence, in nats.
    public let kld: Estimate
    /// The share of positions whose most likely token is the same.
    public let top1: Double
  }

  /// How many positions were compared, over all sequences.
  public let tokens: Int
  /// The largest |Δlogit| of any token at any position.
  public let maxAbsDifference: Double
  /// Root of the mean squared Δlogit.
  public let rmse: Estimate
  /// ΣΔ² / Σ(reference − mean reference)².
  public let nmse: Estimate
  /// KL(reference ‖ candidate) of the distributions of the next token, in nats.
  public let kld: Distribution
  /// KL(candidate ‖ reference), in nats.
  public let reverseKLD: Estimate
  /// Most likely tokens in common.
  public let overlap: Overlap
  /// Positions whose most likely token differs although the reference's margin is 1e-4 or more.
  public let top1Disagreements: Int
  /// Perplexities; nil where no position has a next token.
  public let perplexity: Perplexity?
  /// Change of the right token's probability; nil where no position has a next token.
  public let deltaP: ProbabilityChange?
  /// By the probability that the reference gives its most likely token.
  public let byConfidence: [Band]
  /// By the position in its sequence, counted from 0, in powers of two.
  public let byPosition: [Band]
  /// The positions with the largest KL divergence, the worst first.
  public let worst: [WorstPosition]
  /// The reference's and the candidate's logits of some tokens of each position.
  public let density: LogitDensity
}

/// A position at which two models differ much.
public struct WorstPosition: Equatable, Sendable {
  /// KL(reference ‖ candidate), in nats.
  public let kld: Double
  /// The sequence's number.
  public let sequence: Int
  /// The position in the sequence.
  public let position: Int
  /// The reference's most likely token, and the probabilities that both give it.
  public let referenceTop: LikelyToken
  /// The candidate's most likely token, and the probabilities that both give it.
  public let candidateTop: LikelyToken

  /// A token and its probability.
  public struct LikelyToken: Equatable, Sendable {
    /// The token's id.
    public let id: Int
    /// What the reference gives it.
    public let reference: Double
    /// What the candidate gives it.
    public let candidate: Double
  }
}

/// The largest of some magnitudes, and not a number where one of them isn't; 0 of none.
func largest(_ values: some Sequence<Double>) -> Double {
  values.reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
}
