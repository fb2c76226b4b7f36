import DogeModel
import Kernels

/// A matrix as dense float32 values that may be changed, and its bias, which stays.
final class DenseMatrix: Sendable {
  /// The tensor's index in the model's file.
  let tensor: Int
  let values: FloatMatrix  // [outputs, inputs]
  let bias: FloatMatrix?  // [1, outputs]

  init(tensor: Int, values: FloatMatrix, bias: FloatMatrix?) {
    self.tensor = tensor
    self.values = values
    self.bias = bias
  }
}

/// The weights that the forward pass has, with dense matrices.
typealias DenseWeights = ModelWeights<DenseMatrix>
typealias DenseBlock = BlockWeights<DenseMatrix>
typealias DenseAttention = AttentionWeights<DenseMatrix>
typealias DenseExperts = ExpertWeights<DenseMatrix>
