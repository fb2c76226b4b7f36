import DogeArchitecture
import DogeModel
import Kernels
import ModelFile
import Parallel
import TensorCore

/// How far the values of one tensor are from the reference's.
public struct TensorDifference: Equatable, Sendable {
  /// What the tensor is for.
  public let role: TensorRole
  /// Its block; nil outside the blocks.
  public let layer: Int?
  /// Its name.
  public let name: String
  /// ‖Δ‖ / ‖reference‖ (Frobenius); 0 where both are the same.
  public let relativeError: Double

  /// Compares all tensors of two models, in file order.
  ///
  /// - Returns: a figure for each; nil where the models do not consist of the same tensors.
  public static func all(
    _ reference: StoredModel, _ candidate: StoredModel, compute: Compute
  ) -> [TensorDifference]? {
    guard reference.tensors.map(\.spec) == candidate.tensors.map(\.spec) else { return nil }
    return zip(reference.tensors, candidate.tensors).map { a, b in
      let (x, y) = (reference.matrix(of: a), candidate.matrix(of: b))
      let rows = compute.pool.map(x.rows) { row in
        let pair = FloatMatrix(rows: 2, columns: x.columns)
        compute.kernels.row(row, of: x, into: pair[0])
        compute.kernels.row(row, of: y, into: pair[1])
        return StateSums(pair[0], pair[1], input: nil, gate: nil)
      }
      var sums = StateSums()
      for row in rows { sums.add(row) }
      return TensorDifference(
        role: a.spec.role, layer: a.spec.layer, name: a.spec.canonicalName,
        relativeError: sums.relativeError)
    }
  }
}
