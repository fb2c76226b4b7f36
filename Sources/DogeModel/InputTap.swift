import Kernels
import Synchronization
import TensorCore

/// Shows what a matrix is multiplied by while a model runs, for calibration.
///
/// The threads of a call leave rows and experts here; the one that made the call shows them.
@safe package final class InputTap: @unchecked Sendable {
  /// Is shown the first `rows` rows of `x`, `[at least rows, inputs]`.
  package typealias Observer = (_ x: FloatMatrix, _ rows: Int) -> Void

  private var watched: (matrix: StoredMatrix, observer: Observer)?
  private var inputs: FloatMatrix?  // of the call that runs, [tokens, inputs]
  private let wasTaken = Atomic(false)
  private let experts = Mutex<[Int]>([])

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

  /// Makes room for a call of so many tokens.
  func begin(tokens: Int) {
    wasTaken.store(false, ordering: .relaxed)
    inputs = watched.map { FloatMatrix(rows: tokens, columns: $0.matrix.columns) }
  }

  /// Takes rows that are about to be multiplied by a group of matrices.
  ///
  /// - Parameters:
  ///   - x: holds them.
  ///   - rows: which rows of x.
  ///   - first: the call's token that the first of them belongs to.
  ///   - group: what they are multiplied by.
  func take(_ x: FloatMatrix, rows: Range<Int>, first: Int, _ group: LinearGroup) {
    guard let watched, let inputs,
      group.linears.contains(where: { $0.weight.isSame(as: watched.matrix) })
    else { return }
    wasTaken.store(true, ordering: .relaxed)
    for (index, row) in rows.enumerated() { inputs[first + index].copy(x[row]) }
  }

  /// Takes the experts of some tokens.
  func take(_ choices: ExpertChoices, tokens: Int) {
    guard onExpert != nil else { return }
    experts.withLock { experts in
      for token in 0..<tokens {
        for rank in 0..<choices.perToken { experts.append(choices.expert(token, rank)) }
      }
    }
  }

  /// Shows what a call has left, if it multiplied by the matrix that is watched.
  func deliver() {
    let chosen = experts.withLock { experts in
      defer { experts = [] }
      return experts
    }
    if let onExpert { chosen.forEach(onExpert) }
    if let watched, let inputs, wasTaken.load(ordering: .relaxed) {
      watched.observer(inputs, inputs.rows)
    }
    inputs = nil
  }
}
