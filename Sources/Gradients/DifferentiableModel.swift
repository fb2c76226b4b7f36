import DogeArchitecture
import DogeModel
import Kernels
import ModelFile
import TensorCore

/// A Doge model with dense float32 weights that may change, and its backward pass.
///
/// All products run on the exact kernels, and every sum has a fixed order: gradients are the same
/// to the bit for any number of threads and any kernel set.
package final class DifferentiableModel {
  /// The model's config.
  package let config: DogeConfig
  private let weights: DenseWeights
  /// The matrices by their tensors' indices; a tied head is the embedding.
  private let matrices: [Int: DenseMatrix]
  private let compute: GradientCompute
  private let embedding: RotaryEmbedding
  private let head: HeadPass
  private let ones: FloatMatrix  // [max(I, k)]
  private var memory: PassMemory?
  private var rotation: (tokens: Int, table: Rotation)?

  /// Copies the values of all tensors of a model, of whatever type.
  package init(_ stored: StoredModel, compute: Compute) {
    config = stored.config
    var matrices: [Int: DenseMatrix] = [:]
    weights = DenseWeights(stored, kernels: compute.kernels) { index, bias in
      let values = stored.values(of: stored.tensors[index], kernels: compute.kernels)
      let matrix = DenseMatrix(tensor: index, values: values, bias: bias)
      matrices[index] = matrix
      return matrix
    }
    self.matrices = matrices
    self.compute = GradientCompute(config: config, layout: stored.layout, compute: compute)
    embedding = RotaryEmbedding(config)
    head = HeadPass(self.compute, weights)
    let width = max(config.intermediateSize, config.experts?.perToken ?? 0)
    ones = FloatMatrix(rows: 1, columns: width)
    ones.set(0, [Float](repeating: 1, count: width))
  }

  /// A matrix by its tensor's index in the file, `[rows, columns]`.
  ///
  /// Its values may be changed between passes. A tied head is the embedding.
  package func weights(_ tensor: Int) -> FloatMatrix {
    guard let matrix = matrices[tensor] else { preconditionFailure("no matrix of the model") }
    return matrix.values
  }

  /// Adds the gradient of Σ_t scale · KL(target_t ‖ model_t) over a sequence to `gradients`.
  ///
  /// The sequence runs alone, from an empty cache and with `hf` routing. Keys that a query keeps
  /// and experts that a token is sent to count as constants.
  ///
  /// - Parameters:
  ///   - tokens: the sequence.
  ///   - scale: a factor of the loss.
  ///   - targets: the reference's logits of some rows, `[rows, vocabulary]`; it is called with
  ///     consecutive blocks, and may give the same memory again.
  ///   - gradients: those that are wanted; if there are none, only the loss is computed.
  /// - Returns: Σ_t KL in nats, without the scale.
  /// - Throws: `ModelError` for a token outside the vocabulary, or what `targets` throws.
  package func addGradient(
    of tokens: [Int], scale: Float, targets: (_ rows: Range<Int>) throws -> FloatMatrix,
    to gradients: WeightGradients
  ) throws -> Double {
    try run(tokens, gradients) { logits, rows in
      head.divergence(logits, from: try targets(rows), scale: scale)
    }
  }

  /// Adds the second moments of the gradients of all outputs over a sequence.
  ///
  /// - Parameters:
  ///   - tokens: the sequence, which runs as for `addGradient`.
  ///   - random: draws the tokens whose probabilities the gradients are of.
  ///   - moments: what they are added to.
  /// - Throws: `ModelError` for a token outside the vocabulary.
  package func addMoments(
    of tokens: [Int], _ random: inout SplitMix64, to moments: OutputMoments
  ) throws {
    _ = try run(tokens, WeightGradients(moments)) { logits, _ in
      head.draw(logits, &random, moments)
      return 0
    }
  }

  private func run(
    _ tokens: [Int], _ gradients: WeightGradients,
    loss: (_ logits: MatrixView, _ rows: Range<Int>) throws -> Double
  ) throws -> Double {
    guard !tokens.isEmpty else { return 0 }
    let pass = try SequencePass(
      tokens, compute: compute, weights: weights, memory: memory(for: tokens.count),
      rotation: rotation(for: tokens.count), ones: ones)
    pass.forward()
    let sum = try head.run(pass.output, pass.memory.scratch, gradients, loss: loss)
    if !gradients.isEmpty { pass.backward(gradients) }
    return sum
  }

  private func memory(for tokens: Int) -> PassMemory {
    if let memory, memory.tokens >= tokens { return memory }
    let fresh = PassMemory(compute, tokens: tokens)
    memory = fresh
    return fresh
  }

  /// The length of a sequence may have a say in its rotation, so a table serves one length.
  private func rotation(for tokens: Int) -> Rotation {
    if let rotation, rotation.tokens == tokens { return rotation.table }
    let table = Rotation(embedding, tokens: tokens)
    rotation = (tokens, table)
    return table
  }
}
