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
    try check(tokens, from: 0)
    return embed(tokens)
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
    layer.compute.rmsNorm(
      x, rows: 0..<x.rows, weight: weight, epsilon: config.rmsNormEpsilon, into: out)
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
    ForwardPass(
      self, x, sequences: [(cache, x.rows)], workspace: workspace, routing: .hf,
      members: members(rows: x.rows)
    ).run(.attention(layer: layer))
  }

  /// Runs a block's feed-forward part over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: attention's output with the residual, which becomes the block's output.
  ///   - layer: which block.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen.
  package func feed(
    _ x: FloatMatrix, layer: Int, workspace: Workspace, routing: ExpertRouting = .hf
  ) {
    ForwardPass(
      self, x, sequences: [(makeCache(maximum: x.rows), x.rows)], workspace: workspace,
      routing: routing,
      members: members(rows: x.rows)
    ).run(.feedForward(layer: layer))
  }

  /// Runs the step that leads to a state behind the embedding, over a whole sequence and in place.
  ///
  /// - Throws: `ModelError` for a cache that is too small.
  package func step(
    to state: HiddenState, _ x: FloatMatrix, cache: KVCache, workspace: Workspace,
    routing: ExpertRouting
  ) throws(ModelError) {
    switch state {
    case .embedding: preconditionFailure("no step leads to the embedding")
    case .attention(let layer): try attend(x, layer: layer, cache: cache, workspace: workspace)
    case .feedForward(let layer): feed(x, layer: layer, workspace: workspace, routing: routing)
    }
  }

  /// Runs the blocks from one on over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: what that block gets, `[tokens, d]`.
  ///   - first: the block; the number of blocks for none.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen.
  /// - Returns: x, which is the last block's output then.
  /// - Throws: `ModelError`.
  package func output(
    of x: FloatMatrix, from first: Int, workspace: Workspace, routing: ExpertRouting
  ) throws(ModelError) -> FloatMatrix {
    let cache = makeCache(maximum: x.rows)
    for state in HiddenState.steps(of: config.layerCount).dropFirst(2 * first) {
      try step(to: state, x, cache: cache, workspace: workspace, routing: routing)
    }
    return x
  }

  /// What a step's input is multiplied with on its way past the step, `[1, d]`.
  package func residualGate(before state: HiddenState) -> FloatMatrix {
    switch state {
    case .embedding: preconditionFailure("no step leads to the embedding")
    case .attention(let layer): weights.blocks[layer].inputResidual
    case .feedForward(let layer): weights.blocks[layer].postResidual
    }
  }
}
