import DogeModel
import Kernels

/// The gradients of some matrices, each `[rows, columns]` like its matrix.
package final class WeightGradients {
  private let matrices: [Int: FloatMatrix]

  /// Zeros for the tensors of those numbers in the model's file.
  package init(for model: DifferentiableModel, numbers: [Int]) {
    matrices = Dictionary(
      numbers.map { number in
        let weights = model.weights(number)
        return (number, FloatMatrix(rows: weights.rows, columns: weights.columns))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The gradient of a tensor; nil where none was asked for.
  package subscript(number: Int) -> FloatMatrix? { matrices[number] }

  /// Whether no gradient is wanted: then there is nothing to go back for.
  package var isEmpty: Bool { matrices.isEmpty }

  /// Sets all gradients to zero.
  package func clear() {
    for matrix in matrices.values {
      for row in 0..<matrix.rows { unsafe matrix[row].update(repeating: 0, count: matrix.columns) }
    }
  }
}
