import DogeArchitecture
import Kernels
import ModelFile
import Parallel
import TensorCore

/// A Doge model that runs on the bytes of a `.kibble` file.
///
/// In either mode logits are the same to the bit for any number of threads, any kernel set and
/// any split of a sequence into calls, but for what formats/numerics.md says of a call's length.
///
///     x = embedding[token]
///     for each block:  x = input_residual ⊙ x + Attention(RMSNorm(x))
///                      x = post_residual ⊙ x + FeedForward(RMSNorm(x))
///     logits = head · RMSNorm(x)
public final class DogeModel: Sendable {
  /// The model's config.
  public let config: DogeConfig
  /// The layout of the checkpoint that it comes from.
  public let layout: CheckpointLayout
  /// The file that holds the weights.
  public let stored: StoredModel
  let weights: ModelWeights<Linear>
  let layer: LayerCompute
  let head: LinearGroup
  /// How products with quantized matrices are computed.
  public let mode: ComputeMode
  let rotary: RotaryTable
  let blocks: [Block]

  /// One block of the model.
  final class Block: Sendable {
    let weights: BlockWeights<Linear>
    let attention: DynamicMaskAttention
    let feedForward: FeedForward

    init(
      _ weights: BlockWeights<Linear>, config: DogeConfig, layout: CheckpointLayout,
      mode: ComputeMode,
      layer: LayerCompute
    ) {
      self.weights = weights
      attention = DynamicMaskAttention(
        weights.attention, config: config, layout: layout, mode: mode, layer: layer)
      feedForward = FeedForward(weights, config: config, mode: mode, layer: layer)
    }
  }

  /// Takes a model's weights where they lie; nothing is copied but small vectors.
  ///
  /// - Parameters:
  ///   - stored: the model's file.
  ///   - compute: computes it; results do not depend on kernels and threads.
  ///   - mode: how products with quantized matrices are computed.
  public convenience init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode = .exact
  ) {
    self.init(stored, compute: compute, mode: mode, tap: nil)
  }

  /// A model with some tensors of another one that differs from it in their values alone.
  package convenience init(
    _ stored: StoredModel, with tensors: Set<Int>, of other: StoredModel, compute: Compute,
    mode: ComputeMode
  ) {
    self.init(stored, compute: compute, mode: mode, tap: nil) {
      tensors.contains($0) ? other : stored
    }
  }

  /// The same, with someone who is shown what the matrices are multiplied by.
  package convenience init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode = .exact, tap: InputTap?
  ) {
    self.init(stored, compute: compute, mode: mode, tap: tap) { _ in stored }
  }

  private init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode, tap: InputTap?,
    owner: @escaping (_ tensor: Int) -> StoredModel
  ) {
    self.stored = stored
    config = stored.config
    layout = stored.layout
    self.mode = mode
    weights = ModelWeights(stored, owner: owner, kernels: compute.kernels) { owner, index, bias in
      Linear(weight: owner.matrix(of: owner.tensors[index]), bias: bias)
    }
    let layer = LayerCompute(compute: compute, tap: tap)
    self.layer = layer
    head = LinearGroup([weights.head], mode: mode)
    blocks = weights.blocks.map {
      Block($0, config: stored.config, layout: stored.layout, mode: mode, layer: layer)
    }
    rotary = RotaryTable(RotaryEmbedding(config))
  }

  /// An empty cache for sequences of this model.
  ///
  /// - Parameter maximum: the most tokens it will take; memory grows with use.
  /// - Returns: the cache.
  public func makeCache(maximum: Int) -> KVCache {
    KVCache(
      shape: .init(
        layers: config.layerCount, kvHeads: config.keyValueHeadCount,
        headDimension: config.headDimension, maskRows: layout.maskRows), maximum: maximum)
  }

  /// Runs a call: some tokens that follow those in the cache.
  ///
  /// - Parameters:
  ///   - tokens: ids, each below the vocabulary's size.
  ///   - cache: the sequence so far; the tokens are added to it.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen.
  ///   - observe: is shown `[tokens, d]` after the embedding, and after each block's attention and
  ///     feed-forward part.
  /// - Returns: the last block's output `[tokens, d]`, for `logits`.
  /// - Throws: `ModelError` for a token outside the vocabulary or a full cache.
  public func forward(
    _ tokens: [Int], cache: KVCache, workspace: Workspace = Workspace(),
    routing: ExpertRouting = .hf,
    observe: (_ state: HiddenState, _ hidden: FloatMatrix) throws -> Void = { _, _ in }
  ) throws -> FloatMatrix {
    let x = try embed(tokens, after: cache.count)
    try cache.reserve(tokens.count)
    let call = cache.count..<cache.count + tokens.count
    let rotation = rotary.table(for: call)
    let work = workspace.buffers(config, tokens: tokens.count)
    try observe(.embedding, x)
    for (index, block) in blocks.enumerated() {
      attend(x, block, from: call.lowerBound, cache.layers[index], rotation, work)
      try observe(.attention(layer: index), x)
      feed(x, block, routing, work)
      try observe(.feedForward(layer: index), x)
    }
    cache.count = call.upperBound
    return x
  }

  /// x = input_residual ⊙ x + Attention(RMSNorm(x)) for a call's tokens.
  func attend(
    _ x: FloatMatrix, _ block: Block, from start: Int, _ cache: LayerCache,
    _ rotation: RotaryTable.Rows, _ work: LayerBuffers
  ) {
    forBlocks(of: x) { rows in
      norm(x, rows, block.weights.inputNorm, into: work.normed)
      block.attention.run(
        work.normed, into: work.projection,
        positions: start + rows.lowerBound..<start + rows.upperBound, cache: cache,
        rotation: rotation, work)
      layer.compute.gatedAdd(
        x, rows: rows, gate: block.weights.inputResidual, work.projected)
    }
  }

  /// x = post_residual ⊙ x + FeedForward(RMSNorm(x)) for a call's tokens.
  func feed(_ x: FloatMatrix, _ block: Block, _ routing: ExpertRouting, _ work: LayerBuffers) {
    let chosen = expertsOfLongCall(x, block, routing, work)
    forBlocks(of: x) { rows in
      norm(x, rows, block.weights.postNorm, into: work.normed)
      block.feedForward.run(
        work.normed, into: work.projection, tokens: rows.count, routing: routing, chosen: chosen,
        first: rows.lowerBound, work)
      layer.compute.gatedAdd(
        x, rows: rows, gate: block.weights.postResidual, work.projected)
    }
  }

  /// The experts of a call of several blocks, whose tokens are routed together; nil for other
  /// calls and models.
  private func expertsOfLongCall(
    _ x: FloatMatrix, _ block: Block, _ routing: ExpertRouting, _ work: LayerBuffers
  ) -> ExpertChoices? {
    guard x.rows > LayerBuffers.blockTokens else { return nil }
    return block.feedForward.chooseExperts(tokens: x.rows, routing: routing, work) { body in
      forBlocks(of: x) { rows in
        norm(x, rows, block.weights.postNorm, into: work.normed)
        body(rows, work.normed)
      }
    }
  }

  /// The embedding of a call's tokens, `[tokens, d]`.
  func embed(_ tokens: [Int], after start: Int) throws(ModelError) -> FloatMatrix {
    for (index, token) in tokens.enumerated() where !(0..<config.vocabularySize).contains(token) {
      throw .tokenOutOfRange(
        token: token, position: start + index, vocabulary: config.vocabularySize)
    }
    let x = FloatMatrix(rows: tokens.count, columns: config.hiddenSize)
    layer.compute.rows(tokens, of: weights.embedding.weight, into: x)
    return x
  }

  /// RMSNorm of some rows of x, in the first rows of `out`.
  func norm(_ x: FloatMatrix, _ rows: Range<Int>, _ weight: FloatMatrix, into out: FloatMatrix) {
    layer.compute.rmsNorm(
      x, rows: rows, weight: weight, epsilon: config.rmsNormEpsilon, into: out)
  }

  private func forBlocks(of x: FloatMatrix, _ body: (_ rows: Range<Int>) -> Void) {
    for start in stride(from: 0, to: x.rows, by: LayerBuffers.blockTokens) {
      body(start..<min(start + LayerBuffers.blockTokens, x.rows))
    }
  }
}
