import DogeModel
import Kernels

/// The gradients of some matrices, each `[rows, columns]` like its matrix.
package final class WeightGradients {
  private let matrices: [Int: FloatMatrix]
  /// What the passes say of the gradients of outputs, if somebody wants it.
  let outputs: OutputMoments?

  /// Zeros for the tensors of those indices in the model's file.
  package init(for model: DifferentiableModel, tensors: [Int]) {
    matrices = Dictionary(
      tensors.map { tensor in
        let weights = model.weights(tensor)
        return (tensor, FloatMatrix(rows: weights.rows, columns: weights.columns))
      }, uniquingKeysWith: { first, _ in first })
    outputs = nil
  }

  /// No gradient of a matrix, but second moments of those of outputs.
  init(_ outputs: OutputMoments) {
    matrices = [:]
    self.outputs = outputs
  }

  /// The gradient of a tensor; nil where none was asked for.
  package subscript(tensor: Int) -> FloatMatrix? { matrices[tensor] }

  /// Whether no gradient is wanted: then there is nothing to go back for.
  package var isEmpty: Bool { matrices.isEmpty && outputs == nil }

  /// Sets all gradients to zero.
  package func clear() {
    for matrix in matrices.values { matrix.clear(rows: matrix.rows) }
  }
}
