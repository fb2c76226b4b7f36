import DogeModel

/// How a model's hidden states compare with the reference's.
public struct LayerReport: Equatable, Sendable {
  /// All states that were compared, in the order of the forward pass.
  public let errors: [StateError]
  /// The first step that does something else than the reference's; nil where none does.
  public let firstDivergence: FirstDivergence?

  /// The largest relative error of a state.
  public var largestError: Double { largest(errors.map(\.relativeError)) }

  /// - Parameters:
  ///   - errors: the sums of all sequences.
  ///   - weights: the tensors that diverge.
  ///   - unit: of the coarsest type in the step that leads to a state.
  init(
    _ errors: LayerErrors, weights: [FirstDivergence] = [], unit: (HiddenState) -> Double
  ) {
    self.errors = errors.errors
    firstDivergence = FirstDivergence.find(in: self.errors, weights: weights, unit: unit)
  }
}
