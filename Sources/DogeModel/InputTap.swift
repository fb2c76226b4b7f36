import Kernels

/// Shows what a matrix is multiplied by while a model runs, for calibration.
///
/// One thread uses it at a time: the one that runs the model.
@safe package final class InputTap: @unchecked Sendable {
  /// Is shown the first `rows` rows of `x`, `[at least rows, inputs]`.
  package typealias Observer = (_ x: FloatMatrix, _ rows: Int) -> Void

  private var watched: (matrix: StoredMatrix, observer: Observer)?

  /// Is told of each expert that a token was sent to; nil but while somebody asks.
  package var onExpert: ((_ expert: Int) -> Void)?

  package init() {}

  /// Shows `observer` the inputs of a matrix until `body` returns.
  package func watch<Failure: Error>(
    _ matrix: StoredMatrix, _ observer: @escaping Observer, during body: () throws(Failure) -> Void
  ) throws(Failure) {
    watched = (matrix, observer)
    defer { watched = nil }
    try body()
  }

  /// Tells of the experts of some tokens.
  func show(_ choices: ExpertChoices, tokens: Int) {
    guard let onExpert else { return }
    for token in 0..<tokens {
      for rank in 0..<choices.perToken { onExpert(choices.expert(token, rank)) }
    }
  }

  /// Shows rows that are about to be multiplied by a group of matrices.
  func show(_ x: FloatMatrix, rows: Int, _ group: LinearGroup) {
    guard let watched else { return }
    if group.linears.contains(where: { $0.weight.isSame(as: watched.matrix) }) {
      watched.observer(x, rows)
    }
  }
}
