import CKernels

/// How the logits of two models differ at one position, in binary64.
public struct LogitDifference: Equatable, Sendable {
  /// KL(reference ‖ candidate), in nats.
  public let kld: Double
  /// KL(candidate ‖ reference), in nats.
  public let reverseKLD: Double
  /// log of the sum of exp of the reference's logits.
  public let referenceLogSumExp: Double
  /// log of the sum of exp of the candidate's logits.
  public let candidateLogSumExp: Double
  /// Σ (reference − candidate)².
  public let squaredDifference: Double
  /// max |reference − candidate|.
  public let maxAbsDifference: Double
  /// Σ reference.
  public let referenceSum: Double
  /// Σ reference².
  public let referenceSquareSum: Double
  /// The token with the reference's largest logit, the lowest of equals.
  public let referenceTop: Int
  /// The token with the candidate's largest logit, the lowest of equals.
  public let candidateTop: Int
  /// The reference's largest logit less its second.
  public let referenceMargin: Double

  /// Compares a row of each.
  ///
  /// - Precondition: both have the same number of columns, at least two.
  public init(
    reference: FloatMatrix, row: Int, candidate: FloatMatrix, row candidateRow: Int,
    kernels: KernelSet
  ) {
    precondition(reference.columns == candidate.columns && reference.columns > 1)
    let out = kernels.compareLogits(reference[row], candidate[candidateRow])
    kld = out.kl
    reverseKLD = out.reverse_kl
    referenceLogSumExp = out.reference_lse
    candidateLogSumExp = out.candidate_lse
    squaredDifference = out.squared_difference
    // The kernel's comparisons pass NaN over; the sum doesn't.
    maxAbsDifference = out.squared_difference.isNaN ? .nan : out.max_abs_difference
    referenceSum = out.reference_sum
    referenceSquareSum = out.reference_square_sum
    referenceTop = Int(out.reference_top)
    candidateTop = Int(out.candidate_top)
    referenceMargin = Double(out.reference_margin)
  }
}
