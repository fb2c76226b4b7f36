import DogeArchitecture
import DogeModel
import Kernels

/// Memory of the two passes, with room for some tokens.
final class PassMemory {
  let tokens: Int
  let tape: Tape
  let scratch: Scratch
  let scores: AttentionScores

  init(_ compute: GradientCompute, tokens: Int) {
    self.tokens = tokens
    tape = Tape(compute.config, compute.layout, tokens: tokens)
    scratch = Scratch(compute.config, compute.layout, tokens: tokens)
    scores = AttentionScores(compute, tokens: tokens)
  }
}

/// One sequence on its way through the blocks and back.
struct SequencePass {
  let tokens: [Int]
  let compute: GradientCompute
  let weights: DenseWeights
  let memory: PassMemory
  let rotation: Rotation
  let ones: FloatMatrix

  /// - Throws: `ModelError` for a token outside the vocabulary.
  init(
    _ tokens: [Int], compute: GradientCompute, weights: DenseWeights, memory: PassMemory,
    rotation: Rotation, ones: FloatMatrix
  ) throws(ModelError) {
    let vocabulary = compute.config.vocabularySize
    for (position, token) in tokens.enumerated() where !(0..<vocabulary).contains(token) {
      throw .tokenOutOfRange(token: token, position: position, vocabulary: vocabulary)
    }
    self.tokens = tokens
    self.compute = compute
    self.weights = weights
    self.memory = memory
    self.rotation = rotation
    self.ones = ones
  }

  /// The last block's output, `[tokens, d]`.
  var output: MatrixView { state(weights.blocks.count) }

  /// The embedding and all blocks, onto the tape.
  func forward() {
    let states = memory.tape.states
    for (row, token) in tokens.enumerated() {
      states[0].copy(weights.embedding.values, row: token, to: row)
    }
    for layer in weights.blocks.indices {
      attention(layer).forward(state(layer))
      feedForward(layer).forward(into: states[layer + 1])
    }
  }

  /// From the gradient of the output, in `dState`, back to the embedding.
  func backward(_ gradients: WeightGradients) {
    for layer in weights.blocks.indices.reversed() {
      feedForward(layer).backward(gradients)
      attention(layer).backward(state(layer), gradients)
    }
    if let outputs = gradients.outputs {
      outputs.add(tokens: tokens.count)
      for row in tokens.indices { outputs.addEmbedding(memory.scratch.dState[row].meanSquare) }
    }
    guard let dEmbedding = gradients[weights.embedding.tensor] else { return }
    for (row, token) in tokens.enumerated() {
      compute.kernels.add(memory.scratch.dState[row], to: dEmbedding[token])
    }
  }

  private func state(_ index: Int) -> MatrixView {
    memory.tape.states[index].first(tokens.count)
  }

  private func attention(_ layer: Int) -> AttentionPass {
    AttentionPass(
      compute: compute, weights: weights.blocks[layer], tape: memory.tape.blocks[layer],
      scratch: memory.scratch, scores: memory.scores, rotation: rotation, tokens: tokens.count)
  }

  private func feedForward(_ layer: Int) -> FeedForwardPass {
    FeedForwardPass(
      compute: compute, weights: weights.blocks[layer], tape: memory.tape.blocks[layer],
      scratch: memory.scratch, ones: ones, tokens: tokens.count)
  }
}
