import DogeArchitecture
import Kernels

// One step of the model at a time, over whole sequences: what calibration needs.

extension DogeModel {
  /// What a step of the model normalizes before its matrices multiply it.
  package enum NormedInput {
    case attention(layer: Int)
    case feedForward(layer: Int)
    case head
  }

  /// The embedding of a sequence's tokens, `[tokens, d]`.
  ///
  /// - Throws: `ModelError` for a token outside the vocabulary.
  package func embedding(of tokens: [Int]) throws(ModelError) -> FloatMatrix {
    try embed(tokens, after: 0)
  }

  /// RMSNorm of all rows of `x`, as the matrices of that step get it.
  package func normed(_ x: FloatMatrix, for input: NormedInput) -> FloatMatrix {
    let weight =
      switch input {
      case .attention(let layer): weights.blocks[layer].inputNorm
      case .feedForward(let layer): weights.blocks[layer].postNorm
      case .head: weights.finalNorm
      }
    let out = FloatMatrix(rows: x.rows, columns: x.columns)
    norm(x, 0..<x.rows, weight, into: out)
    return out
  }

  /// Runs a block's attention over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: the block's input `[tokens, d]`, which becomes attention's output with the residual.
  ///   - layer: which block.
  ///   - cache: any cache of this model with room for the sequence; what it held is lost.
  ///   - workspace: memory for activations.
  /// - Throws: `ModelError` for a cache that is too small.
  package func attend(
    _ x: FloatMatrix, layer: Int, cache: KVCache, workspace: Workspace
  ) throws(ModelError) {
    cache.truncate(to: 0)
    try cache.reserve(x.rows)
    attend(
      x, blocks[layer], from: 0, cache.layers[layer], rotary.table(for: 0..<x.rows),
      workspace.buffers(config, tokens: x.rows))
  }

  /// Runs a block's feed-forward part over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: attention's output with the residual, which becomes the block's output.
  ///   - layer: which block.
  ///   - workspace: memory for activations.
  package func feed(_ x: FloatMatrix, layer: Int, workspace: Workspace) {
    feed(x, blocks[layer], .hf, workspace.buffers(config, tokens: x.rows))
  }
}
