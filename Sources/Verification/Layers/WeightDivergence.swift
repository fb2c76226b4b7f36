import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore

extension FirstDivergence {
  /// The tensors of which 32 weights side by side are off by more than four units of their type.
  ///
  /// A unit is relative to the largest weight of a row, and the error is a root of mean squares.
  /// Rounding to nearest errs by half a unit at most, and methods that weigh errors against each
  /// other by one or two; a wrong scale or a wrong row by dozens.
  ///
  /// - Parameters:
  ///   - candidate: the model that is judged.
  ///   - reference: what its weights should be; tensors that it has not are passed over.
  ///   - compute: decodes both.
  /// - Returns: the tensors in the order of the file, each with its largest error.
  package static func weights(
    of candidate: DogeModel, reference: DogeModel, compute: Compute
  ) -> [FirstDivergence] {
    candidate.stored.tensors.compactMap { tensor in
      let right = reference.stored
      guard let state = tensor.spec.state,
        let like = right.index(of: tensor.spec.role, layer: tensor.spec.layer)
          .map({ right.tensors[$0] }), like.spec.shape == tensor.spec.shape
      else { return nil }
      let types = tensor.types + like.types + tensor.through + like.through
      let matrices = (right.matrix(of: like), candidate.stored.matrix(of: tensor))
      let rows = compute.pool.map(matrices.0.rows) { row in
        func values(_ matrix: StoredMatrix) -> FloatMatrix {
          let out = FloatMatrix(rows: 1, columns: matrix.columns)
          compute.kernels.row(row, of: matrix, into: out[0])
          return out
        }
        return RowError(values(matrices.0), values(matrices.1))
      }
      // Where all of a row is next to nothing, its relative error says nothing.
      let least = max(
        rows.reduce(0) { max($0, $1.largest) } * 0x1p-20, types.contains(.f16) ? 0x1p-14 : 0)
      let error = largest(
        rows.map { $0.error == 0 ? 0 : $0.error / max($0.largest, least) })
      let limit = 4 * (types.map(\.roundingUnit).max() ?? 0)
      guard !(error <= limit) else { return nil }
      return FirstDivergence(
        state: state, tensor: tensor.spec.canonicalName, error: error, limit: limit)
    }
  }
}

/// How far a row of weights is from the reference's.
private struct RowError {
  /// Weights that are looked at together.
  private static let width = 32

  /// The largest root of a mean of squared differences of 32 weights side by side.
  var error = 0.0
  /// The largest magnitude of the reference's weights.
  var largest = 0.0

  init(_ reference: FloatMatrix, _ candidate: FloatMatrix) {
    for start in stride(from: 0, to: reference.columns, by: Self.width) {
      let columns = start..<min(start + Self.width, reference.columns)
      var squares = 0.0
      for column in columns {
        let right = Double(reference[0][column])
        let difference = Double(candidate[0][column]) - right
        squares += difference * difference
        largest = max(largest, abs(right))
      }
      error = max(error, (squares / Double(columns.count)).squareRoot())
    }
  }
}
